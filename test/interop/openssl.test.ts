import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  exportPrivatePem,
  exportPublicPem,
  generateKeyPair,
  importPrivatePem,
  importPublicPem,
  SIGNER_ID,
  sign,
  signatureFromDer,
  signatureToDer,
  verify,
} from "@meshwork/crypto";
import { systemRandom } from "@meshwork/foundation";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-openssl-"));
});
afterAll(() => rm(folder, { recursive: true }));

const file = (name: string) => join(folder, name);

/** The `openssl` of this machine's packages; where there is none the test fails. */
async function openssl(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("openssl", args, { cwd: folder });
  return stdout;
}

const signerId = ["-sigopt", `distid:${SIGNER_ID}`];

describe("with a key pair of ours, written as PEM,", () => {
  const keyPair = generateKeyPair();
  const message = systemRandom.bytes(1_000);
  const dgstVerify = (...options: string[]) =>
    openssl("dgst", "-sm3", ...options, "-verify", "public.pem", "-signature", "ours.der", "text");

  beforeAll(async () => {
    await writeFile(file("private.pem"), exportPrivatePem(keyPair));
    await writeFile(file("public.pem"), exportPublicPem(keyPair.publicKey));
    await writeFile(file("text"), message);
    await writeFile(file("ours.der"), signatureToDer(sign(keyPair, message)));
  });

  test("openssl accepts our signature under the standard signer ID", async () => {
    expect(await dgstVerify(...signerId)).toContain("Verified OK");
    const pkeyutl = ["pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-in", "text"];
    const options = ["-rawin", "-digest", "sm3", "-pkeyopt", `distid:${SIGNER_ID}`];
    expect(await openssl(...pkeyutl, ...options, "-sigfile", "ours.der")).toContain("Success");
  });

  test("openssl refuses it under another signer ID, and of another text", async () => {
    await expect(dgstVerify("-sigopt", "distid:somebody")).rejects.toThrow();
    const changed = Uint8Array.from(message, (byte, i) => (i === 500 ? byte ^ 1 : byte));
    await writeFile(file("text"), changed);
    await expect(dgstVerify(...signerId)).rejects.toThrow();
    await writeFile(file("text"), message);
  });

  test("we accept what openssl signs with our private key", async () => {
    const output = ["-sign", "private.pem", "-out", "theirs.der", "text"];
    await openssl("dgst", "-sm3", ...signerId, ...output);
    const signature = signatureFromDer(await readFile(file("theirs.der")));
    expect(verify(keyPair.publicKey, message, signature)).toBe(true);
    expect(verify(keyPair.publicKey, message.subarray(1), signature)).toBe(false);
  });
});

test("a key pair that openssl made comes in whole, and signs", async () => {
  await openssl("genpkey", "-algorithm", "SM2", "-out", "foreign.pem");
  await openssl("pkey", "-in", "foreign.pem", "-pubout", "-out", "foreign-public.pem");
  const keyPair = importPrivatePem(await readFile(file("foreign.pem"), "utf8"));
  const publicKey = importPublicPem(await readFile(file("foreign-public.pem"), "utf8"));
  expect(keyPair.publicKey).toBe(publicKey);
  const message = systemRandom.bytes(10);
  expect(verify(publicKey, message, sign(keyPair, message))).toBe(true);
});
