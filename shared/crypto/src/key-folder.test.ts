import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRandom } from "@meshwork/foundation";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openOrMakeKeys } from "./key-folder.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-keys-"));
});
afterEach(() => rm(folder, { recursive: true }));

const files = () => ({
  keystoreFile: join(folder, "home", "keystore.json"),
  passphraseFile: join(folder, "home", "passphrase"),
});

test("the first start makes keys, every later one finds them, and nobody else can read them", async () => {
  const made = await openOrMakeKeys({ random: systemRandom }, files());
  expect(await openOrMakeKeys({ random: systemRandom }, files())).toEqual(made);
  for (const file of Object.values(files())) expect((await stat(file)).mode & 0o077).toBe(0);
});

test("a passphrase that was put there is the one that opens the keystore", async () => {
  const passphraseFile = join(folder, "mine");
  await writeFile(passphraseFile, "correct horse\n", { mode: 0o600 });
  const made = await openOrMakeKeys({ random: systemRandom }, { ...files(), passphraseFile });
  await writeFile(passphraseFile, "another\n", { mode: 0o600 });
  const again = openOrMakeKeys({ random: systemRandom }, { ...files(), passphraseFile });
  await expect(again).rejects.toMatchObject({ code: "WRONG_PASSPHRASE" });
  expect(made.keyVersion).toBe(0);
});
