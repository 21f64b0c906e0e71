import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { FargateTaskDefinition } from "aws-cdk-lib/aws-ecs";
import { afterAll, describe, expect, test } from "vitest";
import { imageOf } from "./image.ts";

const context = mkdtempSync(join(tmpdir(), "meshwork-image-"));
afterAll(() => rmSync(context, { recursive: true }));

function synthesise(image?: string) {
  const stack = new Stack(new App({ outdir: mkdtempSync(join(context, "out-")) }), "images");
  const task = new FargateTaskDefinition(stack, "Task");
  task.addContainer("Member", {
    image: imageOf(stack, {
      option: "relayImage",
      image,
      context,
    }),
  });
  return JSON.stringify(Template.fromStack(stack).toJSON());
}

describe("an image", () => {
  test("that is neither named nor can be built is one clear error", () => {
    expect(() => synthesise()).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: expect.stringContaining("name an image: -c relayImage="),
      }),
    );
  });

  test("that is named is used as it is", () => {
    expect(synthesise("ghcr.io/acme/relay:1.2")).toContain('"Image":"ghcr.io/acme/relay:1.2"');
  });

  test("in a private repository is granted to the task that pulls it", () => {
    const template = synthesise("123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/relay:1.2");
    expect(template).toContain("ecr:BatchGetImage");
    expect(template).toContain("arn:aws:ecr:eu-west-1:123456789012:repository/acme/relay");
  });

  test("is built from the sources otherwise, when deployed and not before", () => {
    writeFileSync(join(context, "Dockerfile"), "FROM scratch\n");
    writeFileSync(join(context, ".dockerignore"), "out-*\n");
    expect(synthesise()).toContain("cdk-hnb659fds-container-assets-");
  });
});
