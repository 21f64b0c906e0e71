import type { BlockHash } from "@meshwork/foundation";
import type { ConsensusMessage } from "@meshwork/protocol";

/** How far this node has come. */
export interface Progress {
  /** The last height that is decided. */
  readonly decided: number;
  /** What the certificates of the next height are about: `N 0` → its block. */
  readonly certified: ReadonlyMap<string, BlockHash | null>;
}

/** What is about a decided height costs a check and changes nothing. */
export function isStale(message: ConsensusMessage, { decided, certified }: Progress): boolean {
  switch (message.kind) {
    case "vote": {
      const { kind, view, blockHash, height } = message.vote.ballot;
      // One vote more than the quorum tells nothing, unless it is for something else.
      const isSurplus = height === decided + 1 && certified.get(`${kind} ${view}`) === blockHash;
      return height <= decided || isSurplus;
    }
    case "proposal":
      return message.vote.ballot.height <= decided;
    case "certificate":
    case "finalized":
      return message.certificate.ballot.height <= decided;
    default:
      return false;
  }
}
