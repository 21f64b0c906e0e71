import type { SubscriptionChangeData } from "@libp2p/gossipsub";
import type { ChainId } from "@meshwork/foundation";
import { type Broadcasting, topicPrefix } from "./broadcast.ts";
import type { Host } from "./host.ts";

/** Topics that a relay routes at once: the network has a handful. */
const TOPICS_ROUTED = 64;

/**
 * A relay's part in broadcasting: gossip flows among subscribers only, and two nodes that meet only
 * at a relay have no other neighbour. So it subscribes to whatever its peers listen to, and passes on
 * what is signed, in time and new. It looks no further.
 */
export function createTopicRouter(parts: {
  host: Host;
  chainId: ChainId;
  broadcasting: Broadcasting;
}): { start(): void; stop(): void } {
  const { pubsub } = parts.host.services;
  const prefix = topicPrefix(parts.chainId);
  const routed = new Map<string, () => void>();

  const onChange = ({ detail }: CustomEvent<SubscriptionChangeData>) => {
    for (const { topic: name, subscribe } of detail.subscriptions) {
      if (!name.startsWith(prefix)) continue;
      if (subscribe) route(name.slice(prefix.length));
      else if (pubsub.getSubscribers(name).length === 0) leave(name.slice(prefix.length));
    }
  };
  const route = (topic: string) => {
    if (routed.has(topic) || routed.size >= TOPICS_ROUTED) return;
    routed.set(
      topic,
      parts.broadcasting.subscribe(topic, () => "accept"),
    );
  };
  const leave = (topic: string) => {
    routed.get(topic)?.();
    routed.delete(topic);
  };
  return {
    start: () => pubsub.addEventListener("subscription-change", onChange),
    stop() {
      pubsub.removeEventListener("subscription-change", onChange);
      for (const topic of [...routed.keys()]) leave(topic);
    },
  };
}
