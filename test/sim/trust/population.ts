import { strangersPolicy } from "@meshwork/cli/network";
import type { Key25519, Points } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import type { Genesis, NetworkPolicy } from "@meshwork/protocol";
import { type Identity, identity, seededDigest } from "./identity.ts";

const DAY_MS = 24 * 3_600_000;

/** The policy of networks of strangers, but for what is tried elsewhere: elections, and leases that end. */
export const trustPolicy: NetworkPolicy = {
  ...strangersPolicy,
  epochMs: 90 * DAY_MS,
  seatAgeEpochs: 0,
  leaseMs: 300 * DAY_MS,
};

export interface Population {
  honest: Identity[];
  /** Those who cheat from the beginning, as members in good standing. */
  gang: Identity[];
  /** The account that pays for what the gang orders and vouches for. */
  purse: Identity;
  requesters: Identity[];
}

const many = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => identity(`${name}-${i}`));

/** Each of its own operator: more than the evidence that one of them may give a day. */
const REQUESTERS = 20;

export const populationOf = (nodes: number, gang: number): Population => ({
  honest: many("honest", nodes - gang),
  gang: many("gang", gang),
  purse: identity("purse"),
  requesters: many("requester", REQUESTERS),
});

export const PURSE = 1_000_000n as Points;
/** A member can stake on many places at a time. */
const MEMBER_POINTS = 20_000n as Points;
const CAPACITY = 4;
const SEATS = 4;

export function genesisOf(
  people: Population,
  { seed, standing, policy }: { seed: string; standing: number; policy: NetworkPolicy },
): Genesis {
  const member = (who: Identity, i: number) => ({
    publicKey: who.publicKey,
    recoveryHash: seededDigest(`${who.name}/recovery`),
    transportKey: key25519(`${who.name}/transport`),
    keyVersion: 0,
    sealKey: key25519(`${who.name}/seal`),
    region: "here",
    runtimes: ["wasm-step-v1" as const],
    capacity: CAPACITY,
    points: MEMBER_POINTS,
    standing,
    vote:
      i < SEATS
        ? { voteKey: identity(`${who.name}/vote`).publicKey, vrfKey: key25519(`${who.name}/vrf`) }
        : null,
  });
  const funded = ({ publicKey }: Identity) => ({ publicKey, points: PURSE, recoveryHash: null });
  return {
    ...new TestNetwork({ members: SEATS }).genesis,
    nonce: seededDigest(`${seed}/nonce`),
    policy,
    members: [...people.honest, ...people.gang].map(member),
    accounts: [people.purse, ...people.requesters].map(funded),
  };
}

export const key25519 = (name: string) => seededDigest(name) as string as Key25519;
