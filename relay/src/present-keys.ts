import { nodeIdOf } from "@meshwork/crypto";
import { BoundedMap, limits, type NodeId, type PublicKey } from "@meshwork/foundation";
import { askAccount, WITNESSES } from "./ask-account.ts";
import type { StandingParts } from "./standing.ts";

/** Who shows a wrong key makes the relay ask: so often for one node, and for so many at a time. */
const LOOK_AGAIN_MS = 2_000;
const LOOKS_AT_A_TIME = 16;

interface Known {
  readonly publicKey: PublicKey | null;
  /** Of the block under which it was proved. */
  readonly height: number;
  readonly lookedAt: number;
}

/**
 * Which key speaks for a node now. A name is the hash of its first key, and as long as that is the key
 * that is shown, nothing need be asked. Another one is believed once its account was proved under a header
 * that a quorum signed: the node is refused meanwhile, and comes again in a moment.
 */
export function presentKeys(
  parts: StandingParts,
): (node: NodeId, shown: PublicKey) => PublicKey | undefined {
  const known = new BoundedMap<NodeId, Known>(limits.sendersKept);
  let looks = 0;
  const look = async (node: NodeId): Promise<void> => {
    const before = known.get(node) ?? { publicKey: null, height: 0 };
    known.set(node, { ...before, lookedAt: parts.clock.monotonic() });
    looks++;
    const others = parts.connected().filter((peer) => peer !== node);
    const answers = await Promise.all(
      others.slice(0, WITNESSES).map((one) => askAccount(parts, one, node)),
    );
    looks--;
    for (const shown of answers) {
      const last = known.get(node);
      if (!shown?.account || last === undefined) continue;
      // An older account may name a key that was replaced since.
      if (shown.height > last.height)
        known.set(node, {
          ...last,
          publicKey: shown.account.publicKey,
          height: shown.height,
        });
    }
  };
  return (node, shown) => {
    const found = known.get(node);
    const inForce = found?.publicKey ?? undefined;
    if (shown === inForce || (inForce === undefined && nodeIdOf(shown) === node)) return inForce;
    const mayLook = (found?.lookedAt ?? -Infinity) + LOOK_AGAIN_MS <= parts.clock.monotonic();
    if (mayLook && looks < LOOKS_AT_A_TIME && parts.headers.height > 0) void look(node);
    return inForce;
  };
}
