import type { Pulse } from "@meshwork/observability";
import type { Node } from "./node.ts";

/** The genesis is no block that anybody made: before the first one there is no age to tell. */
export const pulseOf = ({ chain, snapshotTime }: Pick<Node, "chain" | "snapshotTime">): Pulse => {
  const { height, header } = chain.head;
  return { blockTime: height === 0 ? undefined : header.time, snapshotTime };
};
