import { resolve } from "node:path";
import type { LedgerView } from "@meshwork/edge-node/snapshot";
import { Command, Option } from "commander";
import { CliError } from "../cli-error.ts";
import { readGenesis } from "../files.ts";
import { type ExportFormat, writeRows } from "../ledger-files.ts";
import { rowsOf, tableNames } from "../ledger-tables.ts";
import { height, outputOf } from "../options.ts";
import type { Output, Streams } from "../output.ts";
import { noteProgress, readText } from "../snapshot-output.ts";
import { withPlace } from "../snapshot-place.ts";

interface ExportOptions {
  data?: string;
  snapshot?: string;
  anchors?: string;
  genesis: string;
  format: ExportFormat;
  out: string;
  from: number;
  to: number;
}

export const ledgerCommand = (streams: Streams) =>
  new Command("ledger")
    .description("the ledger, for those who analyse")
    .addCommand(exportCommand(streams));

function exportCommand(streams: Streams): Command {
  return new Command("export")
    .description("accounts, nodes and tasks as they are, and blocks with all that they did and why")
    .requiredOption("--genesis <file>", "of the network")
    .option("--data <dir>", "of a node's ledger, while it runs or stands")
    .option("--snapshot <place>", "of the newest snapshot there; it holds no blocks")
    .addOption(
      new Option("--anchors <place>", "what keeps the head of s3://…: dynamodb://table").env(
        "MESHWORK_ANCHORS",
      ),
    )
    .addOption(
      new Option("--format <format>", "jsonl: one file; csv: a folder with a file for each table")
        .choices(["jsonl", "csv"])
        .default("jsonl"),
    )
    .requiredOption("--out <path>", "the file or folder to make")
    .option("--from <height>", "the first block", height, 1)
    .option("--to <height>", "the last block (default: the head)", height, 2 ** 48)
    .action(async (options: ExportOptions, command: Command) => {
      const output = outputOf(command, streams);
      const path = resolve(options.out);
      const view = await openView(options, output);
      try {
        const counts = await writeRows(rowsOf(view, options), { path, format: options.format });
        output.emit("exported", { path, height: view.height, ...counts });
        output.say(`The ledger at height ${view.height} is in ${path}:`);
        for (const table of tableNames)
          if (counts[table] !== undefined) output.say(`  ${table}s: ${counts[table]}`);
      } finally {
        await view.close();
      }
    });
}

async function openView(options: ExportOptions, output: Output): Promise<LedgerView> {
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
