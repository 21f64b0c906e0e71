import { digestBytesOf, digestOf, vrfVerify } from "@meshwork/crypto";
import {
  type ChainId,
  type Digest,
  fromHex,
  type Key25519,
  uint64,
  type VrfProof,
} from "@meshwork/foundation";
import type { Head } from "./records.ts";

/**
 * The chain of beacons. Each block's proposer adds a verifiable random output that only his key can
 * make and nobody can choose: beacon(h) = SM3(beacon(h − 1) ‖ output).
 */

export const genesisBeacon = (chainId: ChainId): Digest =>
  digestOf("meshwork/beacon/1", fromHex(chainId));

/** What the proposer of the next block proves over. The view is not in it: a view change gives no second try. */
export const beaconInput = (head: Pick<Head, "chainId" | "height" | "beacon">): Uint8Array =>
  digestBytesOf(
    "meshwork/beacon/1",
    fromHex(head.chainId),
    uint64(head.height + 1),
    fromHex(head.beacon),
  );

/** The beacon of the next block, or null if the proof does not hold. */
export function nextBeacon(
  head: Head,
  { vrfKey, proof, verify = vrfVerify }: Proof,
): Digest | null {
  const output = verify(vrfKey, beaconInput(head), proof);
  return output && digestOf("meshwork/beacon/1", fromHex(head.beacon), output);
}

interface Proof {
  vrfKey: Key25519;
  proof: VrfProof;
  verify?: typeof vrfVerify | undefined;
}

/**
 * Draws whose inputs were fixed below this height are due: after that block more than a third of the
 * seats have proposed, so that no single one of them, nor its neighbour, knew the beacon beforehand.
 */
export function drawHorizon({ lastProposed }: Pick<Head, "lastProposed">): number {
  const needed = Math.floor(lastProposed.length / 3) + 1;
  return lastProposed.toSorted((a, b) => b - a)[needed - 1] ?? 0;
}
