import type { Clock, NodeId } from "@meshwork/foundation";
import { ChainError } from "../chain-error.ts";

/** For one who has the blocks to be found: all candidates are asked in that time. */
const STRANDED_MS = 20_000;
const REMEMBERED = 64;

/**
 * Notices that this node was away for so long that those who are ahead no longer have the blocks that it
 * needs next: each began at a snapshot above its head. Then no waiting helps, but a snapshot does.
 */
export class Stranding {
  readonly #clock: Pick<Clock, "monotonic">;
  /** Who has proved a higher head, and after which block his own chain begins. */
  readonly #beyond = new Map<NodeId, { height: number; beginsAfter: number }>();
  #since = 0;
  #height = 0;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** A peer without the next block. @param height what he has proved to be final */
  add(peer: NodeId, at: { height: number; beginsAfter: number }): void {
    if (this.#beyond.size === 0) this.#since = this.#clock.monotonic();
    if (this.#beyond.size < REMEMBERED || this.#beyond.has(peer)) this.#beyond.set(peer, at);
  }

  /** The greatest height that one of them has proved. */
  get heardOf(): number {
    return Math.max(0, ...[...this.#beyond.values()].map(({ height }) => height));
  }

  /** To be told of the head as it rises: while it does, somebody has the blocks. */
  onHead(height: number): void {
    if (height === this.#height) return;
    this.#height = height;
    this.#since = this.#clock.monotonic();
    for (const [peer, { beginsAfter }] of this.#beyond)
      if (beginsAfter <= height) this.#beyond.delete(peer);
  }

  get trouble(): ChainError | null {
    const [{ beginsAfter } = { beginsAfter: 0 }] = [...this.#beyond.values()];
    if (this.#beyond.size === 0 || this.#clock.monotonic() - this.#since < STRANDED_MS) return null;
    return new ChainError(
      "SYNC_STRANDED",
      `the ledger here ends at block ${this.#height}, and nobody was found who still has the next: ${this.#beyond.size} peers begin after block ${beginsAfter} or later. ` +
        "This node joins by a snapshot as soon as one is offered; where none comes, restore a backup, or name a peer with all blocks",
      { detail: { height: this.#height, beginsAfter } },
    );
  }
}
