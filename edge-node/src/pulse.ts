import type { Pulse } from "@meshwork/observability";
import type { Chain } from "./chain/chain.ts";

/** The genesis is no block that anybody made: before the first one there is no age to tell. */
export const pulseOf = ({ chain }: { chain: Pick<Chain, "head"> }): Pulse => {
  const { height, header } = chain.head;
  return { blockTime: height === 0 ? undefined : header.time };
};
