import { limits, type NodeId } from "@meshwork/foundation";

/** The pool's own no, beside the ledger's. */
export interface PoolRefusal {
  readonly code: "MEMPOOL_FULL" | "TOO_MANY_PENDING" | "DISK_FULL";
  readonly reason: string;
}

/** Whose transaction waits, and who brought it; null: it was handed in here. */
export interface Origin {
  readonly sender: NodeId;
  readonly from: NodeId | null;
}

const HALF = limits.mempoolTransactions / 2;

/**
 * Who may fill how much of the pool. Half of it is for the members of the committee, each his part, so
 * that neither one of them nor any number of strangers can crowd the others out.
 */
export class PoolQuota {
  readonly #members: () => readonly NodeId[];
  readonly #perSender = new Map<NodeId, number>();
  readonly #perPeer = new Map<NodeId, number>();
  #total = 0;

  /** @param members the committee now */
  constructor(members: () => readonly NodeId[]) {
    this.#members = members;
  }

  isMember(peer: NodeId): boolean {
    return this.#members().includes(peer);
  }

  refusal({ sender, from }: Origin): PoolRefusal | null {
    if ((this.#perSender.get(sender) ?? 0) >= limits.mempoolPerSender)
      return no(
        "TOO_MANY_PENDING",
        `${limits.mempoolPerSender} transactions of ${sender} wait already`,
      );
    if (this.#total >= limits.mempoolTransactions)
      return no("MEMPOOL_FULL", `${limits.mempoolTransactions} transactions wait already`);
    if (from === null || (this.#perPeer.get(from) ?? 0) < this.#quotaOf(from)) return null;
    return no("TOO_MANY_PENDING", `${from} has brought as many as it may`);
  }

  add({ sender, from }: Origin): void {
    this.#total++;
    count(this.#perSender, sender, 1);
    if (from !== null) count(this.#perPeer, from, 1);
  }

  remove({ sender, from }: Origin): void {
    this.#total--;
    count(this.#perSender, sender, -1);
    if (from !== null) count(this.#perPeer, from, -1);
  }

  #quotaOf(peer: NodeId): number {
    const members = this.#members();
    if (members.includes(peer)) return HALF / members.length;
    let strangers = 0;
    for (const [each, brought] of this.#perPeer) if (!members.includes(each)) strangers += brought;
    return strangers < HALF ? limits.mempoolPerPeer : 0;
  }
}

function count(counts: Map<NodeId, number>, key: NodeId, change: number): void {
  const value = (counts.get(key) ?? 0) + change;
  if (value > 0) counts.set(key, value);
  else counts.delete(key);
}

const no = (code: PoolRefusal["code"], what: string): PoolRefusal => ({
  code,
  reason: `${what}: try again when some have been included`,
});
