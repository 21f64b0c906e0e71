import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const room = fileURLToPath(new URL("..", import.meta.url));

/** Every module that a fresh Node loads when it imports `doors`. */
function modulesBehind(...doors: string[]): string[] {
  const script = `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({
      load(url, context, next) { loaded.push(url); return next(url, context); },
    });
    for (const door of ${JSON.stringify(doors)}) await import(door);
    console.log(JSON.stringify(loaded));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: room,
    encoding: "utf8",
  });
  return JSON.parse(output);
}

const of = (modules: string[], name: RegExp) => modules.filter((url) => name.test(url));

describe("the doors of this room", () => {
  test("nobody loads the AWS SDK but by the doors of S3 and DynamoDB", () => {
    const modules = modulesBehind("@meshwork/storage", "@meshwork/storage/content-id");
    expect(of(modules, /classic-level/)).not.toEqual([]);
    expect(of(modules, /@aws-sdk|@smithy|src\/aws/)).toEqual([]);
    expect(of(modulesBehind("@meshwork/storage/s3"), /@aws-sdk\/client-s3/)).not.toEqual([]);
  });

  test("S3 and DynamoDB load nothing of each other", () => {
    expect(of(modulesBehind("@meshwork/storage/s3"), /client-dynamodb/)).toEqual([]);
    expect(of(modulesBehind("@meshwork/storage/dynamodb"), /client-s3/)).toEqual([]);
  });

  test("who only names content, or a store, loads no database", () => {
    const modules = modulesBehind("@meshwork/storage/content-id", "@meshwork/storage/place");
    expect(of(modules, /multiformats/)).not.toEqual([]);
    expect(of(modules, /classic-level|aws/)).toEqual([]);
  });
});
