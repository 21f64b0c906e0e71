import { join, resolve } from "node:path";
import { systemClock } from "@meshwork/foundation";
import { Command } from "commander";
import { type CheckpointOptions, withCheckpointOption } from "../checkpoint.ts";
import { height, moment, outputOf } from "../options.ts";
import type { Streams } from "../output.ts";
import { type IdentityOptions, unsealing, withIdentityOption } from "../snapshot-identity.ts";
import { factsOf, lineOf, noteProgress, readText } from "../snapshot-output.ts";
import { type PlaceOptions, withPlace, withPlaceOptions } from "../snapshot-place.ts";

interface RestoreCommandOptions extends PlaceOptions, IdentityOptions, CheckpointOptions {
  data: string;
  height?: number;
  at?: number;
  atLeast?: number;
  dryRun?: boolean;
}

export function restoreCommand(streams: Streams): Command {
  return withCheckpointOption(withIdentityOption(withPlaceOptions(new Command("restore"))))
    .description("begin a node's ledger at a snapshot, once all of it has been checked")
    .requiredOption("--data <dir>", "the node's folder; it must hold no ledger")
    .option("--height <h>", "of this height (default: the newest)", height)
    .option("--at <time>", "the newest of a day, or of a time in UTC: 2026-11-20T18:00", moment)
    .option("--at-least <h>", "what you know to be final: refuse anything older", height)
    .option("--dry-run", "check everything, write nothing")
    .action(async (place: string, options: RestoreCommandOptions, command: Command) => {
      const output = outputOf(command, streams);
      const { dryRun = false } = options;
      const folder = resolve(options.data);
      const trust = { now: systemClock.now(), checkpoint: options.checkpoint };
      const found = await withPlace(place, options, async (snapshots, { store, genesis }) => {
        const one = await snapshots.findSnapshot(store, options);
        const onProgress = noteProgress(output, readText);
        await snapshots.restoreSnapshot(one, store, {
          ...{ genesis, folder, dryRun, onProgress, trust },
          ...(await unsealing(snapshots, options)),
        });
        return one;
      });
      output.emit("restored", { ...factsOf(found), folder, dryRun });
      output.say(lineOf(found));
      output.say(
        dryRun
          ? `It is whole and could be restored to ${folder}; nothing was written.`
          : `The ledger is in ${join(folder, "chain")}. Start the node: it takes what came after from its peers.`,
      );
    });
}
