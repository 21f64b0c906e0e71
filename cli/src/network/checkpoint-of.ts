import { resolve } from "node:path";
import { type Genesis, headerHash, type Invite } from "@meshwork/protocol";

/** The last end of an epoch in a node's ledger, while it runs or stands; null without a node, or in the first epoch. */
export async function checkpointOf(
  folder: string | undefined,
  genesis: Genesis,
): Promise<Invite["checkpoint"]> {
  if (folder === undefined) return null;
  const { readHandOvers } = await import("@meshwork/edge-node/snapshot");
  const last = (await readHandOvers(resolve(folder), genesis)).at(-1)?.header;
  return last === undefined ? null : { height: last.height, hash: headerHash(last) };
}
