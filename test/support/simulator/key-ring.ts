import type { NodeId } from "@meshwork/foundation";
import type { Transaction } from "@meshwork/protocol";
import { firstKeyOf, type VoteKey } from "./seats.ts";
import { sitting, type ToyState } from "./toy-state.ts";
import { renewal } from "./toy-transaction.ts";

interface Held {
  readonly keys: Set<VoteKey>;
  /** Keys are never made twice, not even by who lost them. */
  serial: number;
  /** Made, and not yet registered. */
  renewal: (Transaction & { key: VoteKey }) | null;
  /** Of the last key that went with its disk before it was registered: it may still be, and be elected. */
  lostSerial: number;
}

/** The vote keys that lie beside each node's log. Twins share one. */
export class KeyRing {
  readonly #held = new Map<NodeId, Held>();

  /** @param founders who stand in the genesis with a key. */
  constructor(founders: Iterable<NodeId>) {
    for (const name of founders) this.#of(name).keys.add(firstKeyOf(name));
  }

  of(name: NodeId): ReadonlySet<VoteKey> {
    return this.#of(name).keys;
  }

  /** With the log they are gone. */
  forget(name: NodeId): void {
    const held = this.#of(name);
    held.keys.clear();
    if (held.renewal !== null) held.lostSerial = held.serial;
    held.renewal = null;
  }

  /** What makes this node electable: for one whose registered key is not in its hands. */
  renewalFor(name: NodeId, state: ToyState): Transaction | null {
    const held = this.#of(name);
    const registered = state.voteKeys.get(name);
    if (held.renewal?.key === registered) held.renewal = null;
    if (held.renewal !== null) return held.renewal;
    const isRegistered = registered !== undefined && held.keys.has(registered);
    return isRegistered ? null : this.renew(name);
  }

  renew(name: NodeId): Transaction {
    const held = this.#of(name);
    held.renewal = renewal(name, ++held.serial);
    held.keys.add(held.renewal.key);
    return held.renewal;
  }

  /** Superseded keys are erased: nobody can forge a past with them. */
  prune(name: NodeId, state: ToyState): void {
    const { keys, renewal: pending } = this.#of(name);
    const inUse = [...keysExpectedOf(name, state), pending?.key];
    for (const key of keys) if (!inUse.includes(key)) keys.delete(key);
  }

  /** Whether some committee counts on a key that the node does not have, or may come to. */
  isKeyless(name: NodeId, state: ToyState): boolean {
    const { keys, lostSerial } = this.#of(name);
    const isLostOneComing = lostSerial > (state.serials.get(name) ?? 0);
    return isLostOneComing || keysExpectedOf(name, state).some((key) => !keys.has(key));
  }

  #of(name: NodeId): Held {
    let held = this.#held.get(name);
    if (held === undefined) {
      held = { keys: new Set(), serial: 0, renewal: null, lostSerial: 0 };
      this.#held.set(name, held);
    }
    return held;
  }
}

/** Those of its seats, now and after the hand-over, and the one that it registered. */
function keysExpectedOf(name: NodeId, state: ToyState): VoteKey[] {
  const seats = [sitting(state), state.election?.seats];
  return [
    ...seats.map((each) => each?.keys[each.members.indexOf(name)]),
    state.voteKeys.get(name),
  ].filter((key) => key !== undefined);
}
