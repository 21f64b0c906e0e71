import type {
  Ballot,
  Block,
  ConsensusMessage,
  Justification,
  Proposal,
  Vote,
} from "@meshwork/protocol";
import type { SimulatedNode } from "./node.ts";

/** What a liar signs beside what its replica asks for. Null without a seat. */
export function voteOf(node: SimulatedNode, ballot: Ballot): Vote | null {
  const { seat } = node.committee;
  const key = seat === null ? undefined : node.ledger.seats.keys[seat];
  return seat === null || key === undefined ? null : node.world.signatures.sign(key, seat, ballot);
}

/** A proposal of its own making, like another one or for a view. */
export function proposalOf(
  node: SimulatedNode,
  block: Block,
  like: Proposal | { view: number; justification: Justification },
): Proposal {
  const { header } = block;
  const view = "vote" in like ? like.vote.ballot.view : like.view;
  const blockHash = node.ledger.hashOf(block);
  const ballot = {
    kind: "N",
    epoch: header.epoch,
    height: header.height,
    view,
    blockHash,
  } as const;
  const vote = voteOf(node, ballot);
  if (vote === null) throw new Error(`${node.name} leads without a seat`);
  return { kind: "proposal", block, justification: like.justification, vote };
}

export const isProposalOfNewBlock = (message: ConsensusMessage): message is Proposal =>
  message.kind === "proposal" && message.justification.notarized === null;
