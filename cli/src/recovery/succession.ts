import type { KeyPair } from "@meshwork/crypto";
import type { LedgerView } from "@meshwork/edge-node/snapshot";
import { type Clock, type Digest, type Random, toHex } from "@meshwork/foundation";
import {
  type Genesis,
  quorumOf,
  recoveryHashOf,
  type Seat,
  type SuccessorBody,
  type SuccessorGenesis,
  signSuccessor,
  successorChainId,
} from "@meshwork/protocol";
import { CliError } from "../cli-error.ts";

/** Where the network goes on: from this state, under a new name, by the votes of these seats. */
export function prepareSuccessor(
  { clock, random }: { clock: Clock; random: Random },
  { state }: Pick<LedgerView, "state">,
  seats: readonly Seat[],
): SuccessorGenesis {
  const { head, epoch } = state;
  const body: SuccessorBody = {
    version: 1,
    nonce: toHex(random.bytes(32)) as Digest,
    parentChainId: head.chainId,
    height: head.height,
    stateRoot: state.root(),
    time: clock.now(),
    committee: {
      epoch: epoch.number + 1,
      seats: [...seats],
      leaders: seats.map((_, seat) => seat),
    },
  };
  return { body, signatures: [] };
}

/** Adds a founder's signature. @throws CliError `RECOVERY_KEY_UNKNOWN` */
export function withSignature(
  successor: SuccessorGenesis,
  { founders, recoveryKey }: { founders: Genesis; recoveryKey: KeyPair },
): SuccessorGenesis {
  const { body, signatures } = successor;
  const hash = recoveryHashOf(recoveryKey.publicKey);
  if (!founders.members.some(({ recoveryHash }) => recoveryHash === hash))
    throw new CliError(
      "RECOVERY_KEY_UNKNOWN",
      `the genesis names no member with the recovery key ${recoveryKey.publicKey}: use the one that the member had when the network was made (after a rotation: keystore.old-0.json)`,
      { detail: { recoveryKey: recoveryKey.publicKey } },
    );
  const others = signatures.filter((one) => one.recoveryKey !== recoveryKey.publicKey);
  return { body, signatures: [...others, signSuccessor(recoveryKey, body)] };
}

/** All signatures of several files about the same. @throws CliError `RECOVERY_FILES_DIFFER` */
export function merged(files: readonly SuccessorGenesis[]): SuccessorGenesis {
  const [first, ...rest] = files;
  if (first === undefined) throw new CliError("USAGE", "name what the founders have signed");
  const chainId = successorChainId(first.body);
  const other = rest.find(({ body }) => successorChainId(body) !== chainId);
  if (other !== undefined)
    throw new CliError(
      "RECOVERY_FILES_DIFFER",
      `one file founds ${chainId}, another ${successorChainId(other.body)}: all founders must sign the same file that prepare wrote`,
    );
  // Of one key there may be several, for one of them may have been damaged on its way.
  const signatures = new Map(
    files.flatMap((file) => file.signatures).map((one) => [one.recoveryKey + one.signature, one]),
  );
  return { body: first.body, signatures: [...signatures.values()] };
}

/** How many of the founders' recovery keys must sign. */
export const signaturesNeeded = ({ members }: Genesis): number =>
  quorumOf(new Set(members.map(({ recoveryHash }) => recoveryHash)).size);
