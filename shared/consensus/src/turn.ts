import type { BlockHash } from "@meshwork/foundation";
import type { Certificate, Justification, VoteKind } from "@meshwork/protocol";
import type { Effect } from "./effect.ts";
import { blockIn, type Height } from "./height.ts";

/** The event under way: its time, and what it brings about. */
export class Turn {
  now = 0;
  effects: Effect[] = [];

  begin(now: number): void {
    this.now = now;
    this.effects = [];
  }

  emit(effect: Effect): void {
    this.effects.push(effect);
  }

  /** Asks for my signature. The block goes along once a height: then the log has it. */
  cast(
    height: Height,
    vote: {
      kind: VoteKind;
      view: number;
      blockHash: BlockHash | null;
      justification?: Justification;
    },
  ): void {
    const { kind, view, blockHash, justification = null } = vote;
    const { blocks, committee, logged, number } = height;
    const isLogged = blockHash === null || logged.has(blockHash);
    const block = isLogged ? null : (blocks.get(blockHash) ?? null);
    if (blockHash !== null) logged.add(blockHash);
    const ballot = { kind, epoch: committee.epoch, height: number, view, blockHash };
    this.emit({ kind: "cast", ballot, block, justification });
  }

  /** Asks one signer at a time for a certified block that is missing: blocks are large. */
  request(height: Height, certificate: Certificate, attempt: number): void {
    const to = height.signerOf(certificate, attempt);
    const blockHash = blockIn(certificate.ballot);
    const message = { kind: "block-request", height: height.number, blockHash } as const;
    if (to !== null) this.emit({ kind: "send", to, message });
  }
}
