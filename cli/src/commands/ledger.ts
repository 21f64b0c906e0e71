import { resolve } from "node:path";
import { Command, Option } from "commander";
import { type ExportFormat, writeRows } from "../ledger-files.ts";
import { rowsOf, tableNames } from "../ledger-tables.ts";
import { openView, type ViewOptions, withSnapshotOptions } from "../ledger-view.ts";
import { height, outputOf } from "../options.ts";
import type { Streams } from "../output.ts";
import { recoverCommand } from "./recover.ts";

interface ExportOptions extends ViewOptions {
  format: ExportFormat;
  out: string;
  from: number;
  to: number;
}

export const ledgerCommand = (streams: Streams) =>
  new Command("ledger")
    .description("the ledger, for those who analyse it, and for the day when it stands still")
    .addCommand(exportCommand(streams))
    .addCommand(recoverCommand(streams));

function exportCommand(streams: Streams): Command {
  return withSnapshotOptions(
    new Command("export"),
    "of the newest snapshot there; it holds no blocks",
  )
    .description("accounts, nodes and tasks as they are, and blocks with all that they did and why")
    .requiredOption("--genesis <file>", "of the network")
    .option("--data <dir>", "of a node's ledger, while it runs or stands")
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
