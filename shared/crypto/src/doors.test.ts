import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { utf8 } from "@meshwork/foundation";
import { expect, test } from "vitest";
import { generateKeyPair, sign } from "./sm2.ts";

/** Runs a module under plain Node, without vitest's transforms, and returns what it prints. */
async function runPlain(source: string, ...flags: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...flags, "--input-type=module", "--eval", source],
    { cwd: fileURLToPath(new URL(".", import.meta.url)) },
  );
  return stdout.trim();
}

test("the package opens under plain Node, and signs", async () => {
  const printed = await runPlain(`
    import * as crypto from "@meshwork/crypto";
    const keyPair = crypto.generateKeyPair();
    const message = new TextEncoder().encode("hello");
    console.log(crypto.verify(keyPair.publicKey, message, crypto.sign(keyPair, message)));
  `);
  expect(printed).toBe("true");
});

test("in a browser the package opens without any module of Node, and verifies the same", async () => {
  const keyPair = generateKeyPair();
  const signature = sign(keyPair, utf8("hello"));
  const source = (text: string) => `
    import { isBuiltin, registerHooks } from "node:module";
    registerHooks({
      resolve(specifier, context, next) {
        if (isBuiltin(specifier)) throw new Error("no browser has " + specifier);
        return next(specifier, context);
      },
    });
    const crypto = await import("@meshwork/crypto");
    const message = new TextEncoder().encode(${JSON.stringify(text)});
    console.log(
      crypto.nodeIdOf("${keyPair.publicKey}"),
      crypto.digestOf("meshwork/vote/1", message),
      crypto.verify("${keyPair.publicKey}", message, "${signature}"),
    );
  `;
  const { digestOf, nodeIdOf } = await import("./index.ts");
  const id = nodeIdOf(keyPair.publicKey);
  const browser = "--conditions=browser";
  expect(await runPlain(source("hello"), browser)).toBe(
    `${id} ${digestOf("meshwork/vote/1", utf8("hello"))} true`,
  );
  expect(await runPlain(source("hallo"), browser)).toBe(
    `${id} ${digestOf("meshwork/vote/1", utf8("hallo"))} false`,
  );
  // The fence itself: with the door for Node the same program must fail.
  await expect(runPlain(source("hello"))).rejects.toThrow("no browser has node:crypto");
});

test("what the browser's door offers, Node's door offers too", async () => {
  const names = Object.keys(await import("./index-browser.ts"));
  expect(Object.keys(await import("./index.ts"))).toEqual(expect.arrayContaining(names));
});
