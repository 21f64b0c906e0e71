import type { BlockHash } from "@meshwork/foundation";
import type { LightClient } from "../../support/simulator/light-client.ts";
import { hashHeader } from "../../support/simulator/toy-ledger.ts";
import { PromiseBroken, type Watcher } from "../../support/simulator/watcher.ts";
import type { World } from "../../support/simulator/world.ts";

/** Whoever knows the genesis alone is never led into a fork, nor back, whomever he asks. */
export function lightClient(): Watcher {
  const decided = new Map<number, BlockHash | null>();
  const heads = new Map<LightClient, number>();
  const check = (who: string, height: number, hash: BlockHash | null) => {
    const before = decided.get(height);
    if (before === undefined) decided.set(height, hash);
    else if (before !== hash)
      throw new PromiseBroken(
        "light-client",
        `${who} holds ${hash} for final at height ${height}, another holds ${before}`,
      );
  };
  return {
    committed: (node, { header }, { ballot }) => check(node.name, header.height, ballot.blockHash),
    followed(client, header) {
      const { height } = header;
      const before = heads.get(client) ?? 0;
      if (height <= before)
        throw new PromiseBroken("light-client", `${client.name} goes from ${before} to ${height}`);
      heads.set(client, height);
      check(client.name, height, hashHeader(header));
    },
  };
}

const FOLLOW_WITHIN_MS = 30_000;

/** Asked often enough, honest nodes bring a light client to the head. */
export function awaitFollowed(world: World): void {
  const start = world.elapsed;
  const isThere = () => world.lightClients.every(({ height }) => height === world.highest);
  while (!isThere() && world.elapsed - start <= FOLLOW_WITHIN_MS && world.agenda.step());
  const behind = world.lightClients.find(({ height }) => height !== world.highest);
  if (behind !== undefined)
    throw new PromiseBroken(
      "light-client",
      `${behind.name} is at ${behind.height} of ${world.highest} after ${FOLLOW_WITHIN_MS} ms`,
    );
}
