import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contextOf } from "./synthesise.ts";

const entry = fileURLToPath(new URL("../bin/app.ts", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "meshwork-entry-"));
afterAll(() => rmSync(work, { recursive: true }));

/** As `cdk synth` runs it: plain Node. No account, no region, and nothing on PATH: no Docker. */
const run = (outdir: string, options: object) =>
  new Promise<{ code: number; stderr: string }>((resolve) => {
    const environment = {
      PATH: dirname(process.execPath),
      CDK_OUTDIR: join(work, outdir),
      CDK_CONTEXT_JSON: JSON.stringify(contextOf(options)),
    };
    execFile(process.execPath, [entry], { env: environment }, (error, _, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : error ? 1 : 0, stderr }),
    );
  });

/** The images are built from the sources: so is what is synthesised, but for the building. */
const built = { relayImage: undefined, apiImage: undefined, nodeImage: undefined };
const everything = { validators: 4, ...built };
const templatesIn = (outdir: string) =>
  Object.fromEntries(
    readdirSync(join(work, outdir))
      .filter((name) => /(?:\.template|\.assets|^manifest)\.json$/.test(name))
      .map((name) => [name, readFileSync(join(work, outdir, name), "utf8")]),
  );

interface Report {
  pluginReports: {
    pluginName: string;
    conclusion: string;
    violations: unknown[];
    suppressedViolations: { ruleName: string; reason: string }[];
  }[];
}

describe("the app", () => {
  beforeAll(async () => {
    const runs = [
      await run("once", everything),
      await run("twice", everything),
      await run("balanced", { relayFront: "balancer", apiFront: "balancer" }),
    ];
    expect(runs).toEqual(Array(3).fill({ code: 0, stderr: "" }));
  }, 300_000);

  test("synthesises the same twice, byte for byte", () => {
    const once = templatesIn("once");
    expect(Object.keys(once)).toHaveLength(2 * 7 + 1);
    expect(templatesIn("twice")).toEqual(once);
  });

  test("builds each program's image from its sources alone, with nothing else that lies about", () => {
    const contexts = readdirSync(join(work, "once"))
      .map((name) => join(work, "once", name))
      .filter((folder) => existsSync(join(folder, "edge-node")));
    // One for each program: the same files, another target of the Dockerfile.
    expect(contexts).toHaveLength(3);
    for (const context of contexts) {
      const files = readdirSync(context, { recursive: true, encoding: "utf8" });
      expect(files).toEqual(
        expect.arrayContaining(["Dockerfile", "package-lock.json", "edge-node/bin/edge-node.mjs"]),
      );
      const strange = files.filter((file) =>
        /(?:^|\/)(?:node_modules|\.git|\.meshwork|cdk\.out|testing)(?:\/|$)|\.test\.ts$/.test(file),
      );
      expect(strange).toEqual([]);
      expect(files.filter((file) => /^(?:test|infra|docs)\//.test(file)).toSorted()).toEqual([
        "infra/package.json",
        "test/package.json",
      ]);
    }
  });

  test.each(["once", "balanced"])(
    "passes cdk-nag, each exception with its reason (%s)",
    (outdir) => {
      const report: Report = JSON.parse(
        readFileSync(join(work, outdir, "validation-report.json"), "utf8"),
      );
      const nag = report.pluginReports.find(({ pluginName }) => pluginName === "AwsSolutions");
      expect(nag).toMatchObject({ conclusion: "success", violations: [] });
      const accepted = nag?.suppressedViolations ?? [];
      expect(accepted.length).toBeGreaterThan(5);
      for (const { ruleName, reason } of accepted)
        expect(reason.split(" ").length, ruleName).toBeGreaterThan(6);
      for (const { conclusion } of report.pluginReports) expect(conclusion).toBe("success");
    },
  );

  test("ends with one line and 78 when an option is wrong", async () => {
    expect(await run("wrong", { relays: 0 })).toEqual({
      code: 78,
      stderr: "CONFIG_INVALID: relays is 0: 1 to 20 relays\n",
    });
  });
});
