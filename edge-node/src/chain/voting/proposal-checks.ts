import type { NodeId } from "@meshwork/foundation";
import type { Block, Proposal } from "@meshwork/protocol";
import { type SignaturePool, WORTH_A_THREAD } from "../mempool/signature-pool.ts";
import type { Chain } from "../store/chain.ts";
import type { SignedBy } from "../store/remembered-checks.ts";

export interface ProposalChecksParts {
  chain: Pick<Chain, "head" | "checks">;
  signatures: Pick<SignaturePool, "verify">;
}

/**
 * A proposal as a rule holds what the pool has checked. One that holds much else is checked by threads
 * before it is executed, so that the votes of others are heard meanwhile.
 */
export class ProposalChecks {
  readonly #parts: ProposalChecksParts;
  readonly #busy = new Set<NodeId>();

  constructor(parts: ProposalChecksParts) {
    this.#parts = parts;
  }

  /** A promise: it is to be taken in later. `busy`: of a member one at a time is prepared; it sends it again. */
  prepare(from: NodeId, { block }: Proposal): "prepared" | "busy" | Promise<void> {
    const unknown = this.#unknownIn(block);
    if (unknown.length < WORTH_A_THREAD) return "prepared";
    return this.#busy.has(from) ? "busy" : this.#check(from, unknown);
  }

  async #check(from: NodeId, unknown: readonly SignedBy[]): Promise<void> {
    const { chain, signatures } = this.#parts;
    this.#busy.add(from);
    await chain.checks.prepare(signatures, unknown);
    this.#busy.delete(from);
  }

  #unknownIn({ header, transactions }: Block): SignedBy[] {
    const { head, checks } = this.#parts.chain;
    if (header.height !== head.height + 1) return [];
    const signed = transactions.flatMap((transaction) => {
      const { sender, body } = transaction.unsigned;
      const own = body.kind === "register" ? body.publicKey : undefined;
      const key = head.state.account(sender)?.publicKey ?? own;
      return key === undefined ? [] : [{ key, transaction }];
    });
    return checks.unknown(signed);
  }
}
