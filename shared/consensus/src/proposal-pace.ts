import type { Proposal } from "@meshwork/protocol";

const MOST_REPAIRS_APART = 16;

/**
 * When my proposal goes again. Who is too busy to have answered yet is not helped by a whole block at each
 * tick: it goes with the repairs 1, 2, 4, 8, 16 since it was made, and then with every sixteenth.
 */
export class ProposalPace {
  #last: Proposal | null = null;
  #repairs = 0;

  /** To be asked once a repair. */
  isDue(proposal: Proposal): boolean {
    if (this.#last !== proposal) [this.#last, this.#repairs] = [proposal, 0];
    const repairs = ++this.#repairs;
    return (repairs & (repairs - 1)) === 0 || repairs % MOST_REPAIRS_APART === 0;
  }
}
