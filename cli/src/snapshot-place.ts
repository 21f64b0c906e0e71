import { resolve } from "node:path";
import type { SnapshotStore } from "@meshwork/edge-node/snapshot";
import { chainIdOf, type Genesis } from "@meshwork/protocol";
import { type Command, Option } from "commander";
import { readGenesis } from "./files.ts";

/** What every command that deals with snapshots is told. */
export interface PlaceOptions {
  genesis: string;
  anchors?: string;
}

export const withPlaceOptions = (command: Command): Command =>
  command
    .argument("<place>", "where snapshots lie: a folder, or s3://bucket/prefix")
    .requiredOption("--genesis <file>", "of the network that they are of: the only thing believed")
    .addOption(
      new Option("--anchors <place>", "what keeps the head of s3://…: dynamodb://table").env(
        "MESHWORK_ANCHORS",
      ),
    );

/** Opens the place for as long as `work` takes. What is heavy is loaded here. */
export async function withPlace<T>(
  place: string,
  options: PlaceOptions & { create?: boolean },
  work: (
    snapshots: typeof import("@meshwork/edge-node/snapshot"),
    opened: { store: SnapshotStore; genesis: Genesis },
  ) => Promise<T>,
): Promise<T> {
  const genesis = await readGenesis(options.genesis);
  const snapshots = await import("@meshwork/edge-node/snapshot");
  const { anchors, create = false } = options;
  const address = place.includes("://") ? place : resolve(place);
  const chainId = chainIdOf(genesis);
  const store = await snapshots.openSnapshotStore({ address, anchors, chainId, create });
  try {
    return await work(snapshots, { store, genesis });
  } finally {
    await store.close();
  }
}
