import { resolve } from "node:path";
import type { LedgerView } from "@meshwork/edge-node/snapshot";
import type { Command } from "commander";
import { Option } from "commander";
import { CliError } from "./cli-error.ts";
import { readGenesis } from "./files.ts";
import type { Output } from "./output.ts";
import { noteProgress, readText } from "./snapshot-output.ts";
import { withPlace } from "./snapshot-place.ts";

/** Whose ledger is meant: a node's, or a snapshot's. */
export interface ViewOptions {
  data?: string;
  snapshot?: string;
  anchors?: string;
  genesis: string;
}

export const withSnapshotOptions = (command: Command, snapshotHelp: string): Command =>
  command
    .option("--snapshot <place>", snapshotHelp)
    .addOption(
      new Option("--anchors <place>", "what keeps the head of s3://…: dynamodb://table").env(
        "MESHWORK_ANCHORS",
      ),
    );

export async function openView(options: ViewOptions, output: Output): Promise<LedgerView> {
  const { data, snapshot } = options;
  if ((data === undefined) === (snapshot === undefined))
    throw new CliError("USAGE", "say whose ledger: a node's by --data, or one by --snapshot");
  if (snapshot !== undefined)
    return withPlace(snapshot, options, async (snapshots, { store, genesis }) => {
      const onProgress = noteProgress(output, readText);
      const found = await snapshots.findSnapshot(store);
      return snapshots.viewSnapshot(found, store, { genesis, onProgress });
    });
  const { viewNode } = await import("@meshwork/edge-node/snapshot");
  return viewNode(resolve(data ?? ""), await readGenesis(options.genesis));
}
