import { type KeyPair, keyPairFromSecret, nodeIdOf, sm3 } from "@meshwork/crypto";
import { type Digest, type NodeId, toHex, utf8 } from "@meshwork/foundation";

/** Bytes that a name decides: the same keys in every run. */
export const seeded = (name: string): Uint8Array => sm3(utf8(name));
export const seededDigest = (name: string): Digest => toHex(seeded(name)) as Digest;

export interface TestMember {
  name: string;
  nodeId: NodeId;
  keyPair: KeyPair;
  voteKeyPair: KeyPair;
  vrfSeed: Uint8Array;
}

const keyPairs = new Map<string, KeyPair>();

function keyPairNamed(name: string): KeyPair {
  const known = keyPairs.get(name) ?? keyPairFromSecret(seeded(name));
  keyPairs.set(name, known);
  return known;
}

/** The key of a member after so many rotations, and the recovery key that counts then. */
export const identityKeyOf = ({ name, keyPair }: TestMember, rotations: number): KeyPair =>
  rotations === 0 ? keyPair : keyPairNamed(`${name}/identity/${rotations}`);
export const recoveryKeyOf = ({ name }: Pick<TestMember, "name">, rotations: number): KeyPair =>
  keyPairNamed(`${name}/recovery/${rotations}`);

/** Making keys takes longer than most tests. */
const members = new Map<string, TestMember>();

export function testMember(name: string): TestMember {
  const known = members.get(name) ?? makeMember(name);
  members.set(name, known);
  return known;
}

const makeMember = (name: string): TestMember => {
  const keyPair = keyPairFromSecret(seeded(`${name}/identity`));
  return {
    name,
    keyPair,
    nodeId: nodeIdOf(keyPair.publicKey),
    voteKeyPair: keyPairFromSecret(seeded(`${name}/vote`)),
    vrfSeed: seeded(`${name}/vrf`),
  };
};
