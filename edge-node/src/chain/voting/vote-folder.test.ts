import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sign, verify, vrfProve, vrfVerify } from "@meshwork/crypto";
import { utf8 } from "@meshwork/foundation";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createVoteFolder, openVoteFolder, type VoteFolder } from "./vote-folder.ts";
import type { VoteKey } from "./vote-key.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-vote-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("a seat's folder", () => {
  test("keeps one key, which signs votes and makes beacons, over reopening", async () => {
    const named = await createVoteFolder(folder);
    const { keys, log } = await openVoteFolder(folder);
    await log.close();
    const key = keys.offered;
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
    const secret = JSON.parse(await readFile(path, "utf8")).voteSecrets[0] as string;
    await writeFile(path, `{"voteSecrets":["${secret}`);
    const error = await openVoteFolder(folder).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "VOTE_KEY_MALFORMED" });
    expect(String((error as Error).message)).not.toContain(secret);
    expect((error as Error).cause).toBeUndefined();
  });
});

describe("a seat's keys", () => {
  const onDisk = async () =>
    JSON.parse(await readFile(join(folder, "vote-key.json"), "utf8")).voteSecrets.length as number;
  async function open(): Promise<VoteFolder["keys"]> {
    const { keys, log } = await openVoteFolder(folder);
    await log.close();
    return keys;
  }
  const publicOf = (key: VoteKey) => key.public.voteKey;

  /** Seats, oldest epoch first, of which the first is the one that the chain has come to. */
  const named = (epoch: number, seats: readonly (VoteKey | null)[], lease: VoteKey | null) => ({
    seated: seats.flatMap((key, i) =>
      key ? [{ voteKey: key.public.voteKey, epoch: epoch + i }] : [],
    ),
    registered: lease?.public.voteKey ?? null,
    reached: epoch,
  });

  test("serve while the ledger names them, and are then erased for good", async () => {
    const keys = await open();
    const first = keys.offered;
    // Seated: the next is made, with the same beacons, and offered.
    await keys.keep(named(0, [first], first));
    const second = keys.offered;
    expect(second).not.toBe(first);
    expect(second.public.vrfKey).toBe(first.public.vrfKey);
    // Registered, then elected; the first still votes until the epoch ends.
    await keys.keep(named(0, [first], second));
    await keys.keep(named(0, [first, second], second));
    const third = keys.offered;
    expect(new Set([first, second, third]).size).toBe(3);
    expect([first, second].map((key) => keys.of(publicOf(key)))).toEqual([first, second]);
    expect(await onDisk()).toBe(3);
    await keys.keep(named(1, [second], second));
    expect(keys.of(publicOf(first))).toBeUndefined();
    expect(await onDisk()).toBe(2);
    const again = await open();
    expect(again.of(publicOf(first))).toBeUndefined();
    expect([again.of(publicOf(second)), again.offered].map((key) => key?.public)).toEqual([
      second.public,
      third.public,
    ]);
  });

  test("outlive a chain that was lost: an old state, which names other keys, erases none", async () => {
    const keys = await open();
    const early = keys.offered;
    await keys.keep(named(0, [early], early));
    const seated = keys.offered;
    await keys.keep(named(0, [early], seated));
    await keys.keep(named(6, [seated], seated));
    const next = keys.offered;
    // The chain begins at the genesis again, over a restart, and comes back epoch by epoch.
    const again = await open();
    for (let epoch = 0; epoch <= 6; epoch++) await again.keep(named(epoch, [null], null));
    expect(again.of(publicOf(seated))?.public).toEqual(seated.public);
    expect(again.offered.public).toEqual(next.public);
    await again.keep({ ...named(9, [null], null), reached: null });
    expect(again.of(publicOf(seated))).toBeDefined();
    await again.keep(named(9, [null], null));
    expect(again.of(publicOf(seated))).toBeUndefined();
  });

  test("stay what they are while nothing changes, and the offered one while nobody takes it", async () => {
    const keys = await open();
    const { offered } = keys;
    const nothing = named(3, [null], null);
    await Promise.all([nothing, named(3, [null], offered), nothing].map((each) => keys.keep(each)));
    expect(keys.offered).toBe(offered);
    expect(await onDisk()).toBe(1);
  });

  test("are offered only when they are on disk", async () => {
    const keys = await open();
    const { offered } = keys;
    await rm(folder, { recursive: true });
    await expect(keys.keep(named(0, [offered], null))).rejects.toThrow();
    expect(keys.offered).toBe(offered);
    await mkdir(folder);
    await keys.keep(named(0, [offered], null));
    expect(keys.offered).not.toBe(offered);
  });
});
