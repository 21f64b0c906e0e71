import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KeyPair, nodeIdOf, verify } from "@meshwork/crypto";
import {
  type ChainId,
  fromHex,
  type NodeId,
  type PublicKey,
  systemRandom,
} from "@meshwork/foundation";
import {
  recoveryHashOf,
  rotationHash,
  type Transaction,
  verifyTransaction,
} from "@meshwork/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readKeys } from "./key-files.ts";
import { createMemberKeys } from "./network/member-keys.ts";
import { type KeyLedger, rotateKeys } from "./rotate-keys.ts";

const chainId = "ab".repeat(32) as ChainId;
let folder: string;
let account: NodeId;
let inForce: PublicKey;
let recoveryHash: string;
/** What happens between the ledger's yes and its arrival here. */
let afterTaking: () => void;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-rotate-"));
  const keys = await createMemberKeys(join(folder, "member"), systemRandom);
  inForce = keys.keyPair.publicKey;
  recoveryHash = keys.recoveryHash;
  account = nodeIdOf(inForce);
  afterTaking = () => {};
});
afterEach(() => rm(folder, { recursive: true }));

/** Takes a rotation as the ledger does, and answers only to who holds the key in force. */
const open = (keyPair: KeyPair): KeyLedger => ({
  chainId: async () => chainId,
  async account(id) {
    if (keyPair.publicKey !== inForce) throw new Error("BAD_SIGNATURE");
    return id === account ? { publicKey: inForce, keyVersion: 0 } : null;
  },
  async transact(transaction: Transaction) {
    const { sender, nonce, body } = transaction.unsigned;
    if (body.kind !== "rotate") throw new Error("no rotation");
    expect(sender).toBe(account);
    expect(verifyTransaction(inForce, transaction)).toBe(true);
    expect(recoveryHashOf(body.recoveryKey)).toBe(recoveryHash);
    const message = fromHex(rotationHash({ chainId, sender, nonce }, body));
    expect(verify(body.recoveryKey, message, body.recoverySignature)).toBe(true);
    inForce = body.newKey;
    recoveryHash = body.nextRecoveryHash;
    afterTaking();
    return 7;
  },
});

const rotate = () => rotateKeys({ open, random: systemRandom }, { folder: join(folder, "member") });

test("the folder holds the key that the ledger took, under the same name, and the old one beside it", async () => {
  const old = await readFile(join(folder, "member", "keystore.json"), "utf8");
  const rotated = await rotate();
  expect(rotated).toMatchObject({ account, publicKey: inForce });
  const now = await readKeys(join(folder, "member"));
  expect(now.keyPair.publicKey).toBe(inForce);
  expect(now.account).toBe(account);
  expect(now.secrets.keyVersion).toBe(1);
  expect(await readFile(rotated.oldKeystore, "utf8")).toBe(old);
});

test("and again: the name stays that of the first key", async () => {
  await rotate();
  await rotate();
  const now = await readKeys(join(folder, "member"));
  expect(now).toMatchObject({ account, secrets: { keyVersion: 2 } });
  expect(now.keyPair.publicKey).toBe(inForce);
});

test("who dies before the ledger answers goes on with the very key that it took", async () => {
  afterTaking = () => {
    throw new Error("killed");
  };
  await expect(rotate()).rejects.toThrow("killed");
  expect((await readKeys(join(folder, "member"))).keyPair.publicKey).not.toBe(inForce);
  afterTaking = () => expect.unreachable("it was taken before");
  const taken = inForce;
  await rotate();
  expect((await readKeys(join(folder, "member"))).keyPair.publicKey).toBe(taken);
  expect(existsSync(join(folder, "member", "keystore.next.json"))).toBe(false);
});

test("who dies before the ledger hears of it sends the key that lies ready", async () => {
  const deaf: typeof open = (keyPair) => ({
    ...open(keyPair),
    transact: () => Promise.reject(new Error("no network")),
  });
  const parts = { open: deaf, random: systemRandom };
  await expect(rotateKeys(parts, { folder: join(folder, "member") })).rejects.toThrow("no network");
  const ready = await readFile(join(folder, "member", "keystore.next.json"), "utf8");
  await rotate();
  expect(await readFile(join(folder, "member", "keystore.json"), "utf8")).toBe(ready);
});
