import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  keyPairFromSecret,
  openKeystore,
  readPassphraseFile,
  SIGNER_ID,
  signatureToDer,
} from "@meshwork/crypto";
import { type ChainId, type Key25519, systemClock } from "@meshwork/foundation";
import { createIdentity } from "@meshwork/p2p";
import { nodeRecordMessage } from "@meshwork/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

const launcher = fileURLToPath(new URL("../../cli/bin/meshwork.mjs", import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "meshwork-node-signature-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const meshwork = (...args: string[]) => execFileSync(process.execPath, [launcher, ...args]);

/** The record that a node signs when it starts, by the keys in its folder. */
async function recordOf(home: string) {
  const passphrase = await readPassphraseFile(join(home, "passphrase"));
  const { identitySecret } = await openKeystore(join(home, "keystore.json"), passphrase);
  const identity = createIdentity(
    { clock: systemClock },
    {
      chainId: "0".repeat(64) as ChainId,
      keyPair: keyPairFromSecret(identitySecret),
      roles: ["worker"],
      region: "local",
      sealKey: "0".repeat(64) as Key25519,
      software: "test",
    },
  );
  return identity.recordAt(["/ip4/127.0.0.1/tcp/1"]);
}

test("openssl verifies a node's record with the PEM that meshwork key export wrote", async () => {
  meshwork("key", "new", at("node"));
  meshwork("key", "export", at("node"), "--out", at("public.pem"));
  const record = await recordOf(at("node"));
  writeFileSync(at("message"), nodeRecordMessage(record.unsigned));
  writeFileSync(at("signature"), signatureToDer(record.signature));
  const verify = () =>
    execFileSync(
      "openssl",
      [
        ...["dgst", "-sm3", "-sigopt", `distid:${SIGNER_ID}`, "-verify", at("public.pem")],
        ...["-signature", at("signature"), at("message")],
      ],
      { encoding: "utf8", stdio: "pipe" },
    );
  expect(verify()).toContain("Verified OK");
  writeFileSync(at("message"), "another message");
  expect(verify).toThrow();
});
