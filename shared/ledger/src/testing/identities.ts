import { type KeyPair, keyPairFromSecret, sign } from "@meshwork/crypto";
import { fromHex, type Key25519, type NodeId, type Points } from "@meshwork/foundation";
import {
  type BodyOf,
  recoveryHashOf,
  rotationHash,
  signAdmission,
  signVoucher,
  type Transaction,
  type VoucherBody,
} from "@meshwork/protocol";
import { identityKeyOf, recoveryKeyOf, seeded, seededDigest, type TestMember } from "./members.ts";
import type { TestNetwork } from "./network.ts";

/** What people do about their identities, signed as it should be unless a test says otherwise. */

const voucherKeys = keyPairFromSecret(seeded("voucher"));
const key25519 = (name: string) => seededDigest(name) as string as Key25519;

export function rotation(
  network: TestNetwork,
  member: TestMember,
  change: Partial<BodyOf<"rotate">> = {},
): Transaction {
  const count = network.rotationsOf(member);
  const nonce = network.nextNonce();
  const recovery = recoveryKeyOf(member, count);
  const node = network.state.node(member.nodeId);
  const transportKey = key25519(`${member.name}/transport/${count + 1}`);
  const about = {
    newKey: identityKeyOf(member, count + 1).publicKey,
    nextRecoveryHash: recoveryHashOf(recoveryKeyOf(member, count + 1).publicKey),
  };
  const { chainId } = network;
  const message = rotationHash({ chainId, sender: member.nodeId, nonce }, about);
  const body: BodyOf<"rotate"> = {
    kind: "rotate",
    ...about,
    recoveryKey: recovery.publicKey,
    recoverySignature: sign(recovery, fromHex(message)),
    node: node === undefined ? null : { transportKey, keyVersion: node.keyVersion + 1 },
    ...change,
  };
  return network.sign(member, body, { nonce });
}

/** By the recovery key that counts now, unless another signs. */
export function revocation(
  network: TestNetwork,
  member: TestMember,
  {
    heir = null,
    by = recoveryKeyOf(member, network.rotationsOf(member)),
  }: { heir?: NodeId | null; by?: KeyPair } = {},
): Transaction {
  const body = { kind: "revoke-key" as const, recoveryKey: by.publicKey, heir };
  return network.sign(member, body, { by });
}

/** What a member offers, with which it stays eligible. */
export function renewal(
  network: TestNetwork,
  member: TestMember,
  change: Partial<BodyOf<"renew">> = {},
): Transaction {
  const { height, parent } = network.header;
  return network.sign(member, {
    kind: "renew",
    recentBlock: { height: height - 1, hash: parent },
    runtimes: ["js-qjs-v1"],
    region: "here",
    capacity: 4,
    serves: [],
    memoryMiB: 1_024,
    cpus: 4,
    nearness: null,
    sealKey: key25519(`${member.name}/seal`),
    vote: null,
    ...change,
  });
}

/** A stranger's registration as a node, by a voucher of the issuer's. */
export function registration(
  network: TestNetwork,
  who: TestMember,
  { issuer = network.requester, voucher = voucherOf(network, issuer) }: Vouched = {},
): Transaction {
  return network.sign(who, {
    kind: "register",
    publicKey: who.keyPair.publicKey,
    recoveryHash: recoveryHashOf(recoveryKeyOf(who, 0).publicKey),
    node: { transportKey: key25519(`${who.name}/transport`), keyVersion: 0 },
    admission: {
      voucher: signVoucher(network.keyPairOf(issuer), voucher),
      signature: signAdmission(voucherKeys, network.chainId, who.keyPair.publicKey),
    },
  });
}

interface Vouched {
  issuer?: TestMember;
  voucher?: VoucherBody;
}

export const voucherOf = (
  { chainId, genesis }: TestNetwork,
  issuer: TestMember,
  change: Partial<VoucherBody> = {},
): VoucherBody => ({
  chainId,
  issuer: issuer.nodeId,
  voucherKey: voucherKeys.publicKey,
  grant: 500n as Points,
  uses: 100,
  notAfter: genesis.time + 24 * 3_600_000,
  ...change,
});
