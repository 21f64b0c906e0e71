import type { NodeId } from "@meshwork/foundation";
import type { Channel, OpenChannel } from "../../chain/channel.ts";
import { channelPair } from "../../chain/testing/channel-pair.ts";

/** Nodes of one test that reach each other over channels in memory. */
export class Neighbours {
  readonly #doors = new Map<NodeId, (channel: Channel) => void>();

  /** From now on `node` answers; whoever calls another name finds nobody. */
  answer(node: NodeId, onChannel: (channel: Channel) => void): void {
    this.#doors.set(node, onChannel);
  }

  leave(node: NodeId): void {
    this.#doors.delete(node);
  }

  leaveAll(): void {
    this.#doors.clear();
  }

  /** How `me` reaches the others. */
  openChannel(me: NodeId): OpenChannel {
    return async (peer) => {
      const door = this.#doors.get(peer);
      if (!door) throw new Error("unreachable");
      const [near, far] = channelPair(me, peer);
      door(far);
      return near;
    };
  }
}
