import type { Clock, NodeId, PublicKey } from "@meshwork/foundation";
import { type Checks, checkTransaction, nextMoment, type Refusal } from "@meshwork/ledger";
import type { Transaction } from "@meshwork/protocol";
import type { ChainHead } from "../store/chain-head.ts";

export interface PoolChecksParts {
  chain: { readonly head: ChainHead; readonly checks: Checks };
  clock: Pick<Clock, "now">;
}

/** What the ledger, at the head, says of a transaction that would be in the next block. */
export class PoolChecks {
  readonly #parts: PoolChecksParts;

  constructor(parts: PoolChecksParts) {
    this.#parts = parts;
  }

  refusal(transaction: Transaction, checks: Checks = this.#parts.chain.checks): Refusal | null {
    const { head } = this.#parts.chain;
    const at = nextMoment(head.state.head, this.#parts.clock.now());
    return checkTransaction(transaction, { state: head.state, at, checks });
  }

  /**
   * The key by which the sender's signature is to be checked, if that is worth it: not of what is void.
   * What others have signed concerns nobody before the sender's own is good, and is not looked at.
   */
  keyToCheck(transaction: Transaction): PublicKey | undefined {
    let asked: PublicKey | undefined;
    const refusal = this.refusal(transaction, {
      ...this.#parts.chain.checks,
      verifyTransaction(key) {
        asked = key;
        return false;
      },
    });
    return refusal && mayPass(refusal) ? this.#keyOf(transaction) : asked;
  }

  /**
   * On whose account a transaction waits that the ledger refused before it came to the signature. Null:
   * it is forged. As long as the ledger does not know the sender, the peer who brought it answers for it.
   */
  speakerOf(transaction: Transaction, from: NodeId): NodeId | null {
    const key = this.#keyOf(transaction);
    if (key === undefined) return from;
    const isGood = this.#parts.chain.checks.verifyTransaction(key, transaction);
    return isGood ? transaction.unsigned.sender : null;
  }

  #keyOf({ unsigned }: Transaction): PublicKey | undefined {
    return this.#parts.chain.head.state.account(unsigned.sender)?.publicKey;
  }
}

/** What a block or two may change: the task is not there yet, or not that far; the account is not funded yet. */
export const mayPass = ({ code }: Refusal): boolean => MAY_PASS.has(code);

const MAY_PASS = new Set<Refusal["code"]>([
  "UNKNOWN_SENDER",
  "UNKNOWN_TASK",
  "UNKNOWN_BLOCK",
  "WRONG_PHASE",
  "WRONG_ATTEMPT",
  "NOT_CALLED",
  "NOT_ACCEPTED",
  "NOT_A_NODE",
  "INSUFFICIENT_POINTS",
]);
