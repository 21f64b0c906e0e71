import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRandom } from "@meshwork/foundation";
import { afterAll, expect, test } from "vitest";
import { openKeys } from "./open-keys.ts";
import { readGenesis } from "./read-genesis.ts";

const folder = mkdtempSync(join(tmpdir(), "meshwork-relay-keys-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const filesIn = (name: string) => ({
  keystoreFile: join(folder, name, "keystore.json"),
  passphraseFile: join(folder, name, "passphrase"),
});

test("the first start makes keys that only their owner can read; the next one opens the same", async () => {
  const files = filesIn("relay");
  const made = await openKeys({ random: systemRandom }, files);
  expect(await openKeys({ random: systemRandom }, files)).toEqual(made);
  for (const path of Object.values(files)) expect(statSync(path).mode & 0o077).toBe(0);
});

test("a keystore is never replaced, whatever the passphrase file says", async () => {
  const files = filesIn("other");
  await openKeys({ random: systemRandom }, files);
  writeFileSync(files.passphraseFile, "wrong\n", { mode: 0o600 });
  const opened = openKeys({ random: systemRandom }, files);
  await expect(opened).rejects.toMatchObject({ code: "WRONG_PASSPHRASE" });
});

test("a file that is no genesis is named, with what to do, and is a matter of configuration", async () => {
  const path = join(folder, "genesis.json");
  writeFileSync(path, "{}");
  for (const wrong of [path, join(folder, "missing.json")])
    await expect(readGenesis(wrong)).rejects.toMatchObject({
      code: "GENESIS_UNREADABLE",
      exitCode: 78,
      message: expect.stringContaining(wrong),
    });
});
