import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sign, verify, vrfProve, vrfVerify } from "@meshwork/crypto";
import { utf8 } from "@meshwork/foundation";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createVoteFolder, openVoteFolder } from "./vote-key.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-vote-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("a seat's folder", () => {
  test("keeps one key, which signs votes and makes beacons, over reopening", async () => {
    const named = await createVoteFolder(folder);
    const { key, log } = await openVoteFolder(folder);
    await log.close();
    expect(key.public).toEqual(named);
    const message = utf8("message");
    expect(verify(named.voteKey, message, sign(key.keyPair, message))).toBe(true);
    expect(vrfVerify(named.vrfKey, message, vrfProve(key.vrfSeed, message))).not.toBeNull();
  });

  test("gives every seat a key of its own, readable by its owner alone", async () => {
    const [a, b] = [join(folder, "a"), join(folder, "b")];
    expect((await createVoteFolder(a)).voteKey).not.toBe((await createVoteFolder(b)).voteKey);
    for (const name of await readdir(a))
      expect((await stat(join(a, name))).mode & 0o077, name).toBe(0);
  });

  test("a key whose log is gone never signs again", async () => {
    await createVoteFolder(folder);
    await rm(join(folder, "votes.log"));
    await expect(openVoteFolder(folder)).rejects.toMatchObject({ code: "LOG_MISSING" });
  });

  test("a malformed key is an error that does not quote it", async () => {
    await createVoteFolder(folder);
    const path = join(folder, "vote-key.json");
    const secret = JSON.parse(await readFile(path, "utf8")).voteSecret as string;
    await writeFile(path, `{"voteSecret":"${secret}`);
    const error = await openVoteFolder(folder).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "VOTE_KEY_MALFORMED" });
    expect(String((error as Error).message)).not.toContain(secret);
    expect((error as Error).cause).toBeUndefined();
  });
});
