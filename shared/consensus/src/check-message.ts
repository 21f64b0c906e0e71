import type { ChainId, PublicKey } from "@meshwork/foundation";
import { unreachable } from "@meshwork/foundation";
import {
  type Certificate,
  type ConsensusMessage,
  type Vote,
  verifyCertificate,
  verifyVote,
} from "@meshwork/protocol";

/** How a signature is checked: with keys in a node, with a table of tokens in the simulator. */
export interface Verifier {
  vote(vote: Vote): boolean;
  certificate(certificate: Certificate): boolean;
}

/** The signed parts of a message that consensus itself relies upon. */
export function signaturesOf(message: ConsensusMessage): {
  votes: readonly Vote[];
  certificates: readonly Certificate[];
} {
  switch (message.kind) {
    case "proposal": {
      const { notarized, nullified } = message.justification;
      return {
        votes: [message.vote],
        certificates: notarized === null ? nullified : [notarized, ...nullified],
      };
    }
    case "vote":
      return { votes: [message.vote], certificates: [] };
    case "certificate":
    case "finalized":
      return { votes: [], certificates: [message.certificate] };
    case "status":
    case "block-request":
    case "block":
    case "transactions":
      return { votes: [], certificates: [] };
    default:
      return unreachable(message);
  }
}

/** What must hold of a message before a replica is given it. */
export function checkMessage(verifier: Verifier, message: ConsensusMessage): boolean {
  const { votes, certificates } = signaturesOf(message);
  return (
    votes.every((vote) => verifier.vote(vote)) &&
    certificates.every((certificate) => verifier.certificate(certificate))
  );
}

/**
 * @param voteKeysOf the vote keys of an epoch by seat; null for one whose committee is not known,
 * and then nothing of it is accepted.
 */
export function keyVerifier(
  chainId: ChainId,
  voteKeysOf: (epoch: number) => readonly PublicKey[] | null,
): Verifier {
  return {
    vote(vote) {
      const keys = voteKeysOf(vote.ballot.epoch);
      return keys !== null && verifyVote(chainId, keys, vote);
    },
    certificate(certificate) {
      const keys = voteKeysOf(certificate.ballot.epoch);
      return keys !== null && verifyCertificate(chainId, keys, certificate);
    },
  };
}
