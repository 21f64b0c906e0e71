import { resolve } from "node:path";
import type { CreatedSnapshot, CreateProgress } from "@meshwork/edge-node/snapshot";
import { systemClock } from "@meshwork/foundation";
import { chainIdOf } from "@meshwork/protocol";
import { checkpointText } from "@meshwork/verify";
import { Command } from "commander";
import { type CheckpointOptions, withCheckpointOption } from "../checkpoint.ts";
import { CliError } from "../cli-error.ts";
import { collect, height, integer, moment, outputOf } from "../options.ts";
import type { Streams } from "../output.ts";
import { type IdentityOptions, unsealing, withIdentityOption } from "../snapshot-identity.ts";
import { factsOf, lineOf, noteProgress, readText, sizeText } from "../snapshot-output.ts";
import { type PlaceOptions, withPlace, withPlaceOptions } from "../snapshot-place.ts";

export function backupCommand(streams: Streams): Command {
  return new Command("backup")
    .description("keep snapshots of the ledger; no key and no log is ever in one")
    .addCommand(createCommand(streams))
    .addCommand(listCommand(streams))
    .addCommand(verifyCommand(streams))
    .addCommand(pruneCommand(streams));
}

interface CreateCommandOptions extends PlaceOptions {
  data: string;
  recipient?: string[];
  check?: boolean;
}

function createCommand(streams: Streams): Command {
  return withPlaceOptions(new Command("create"))
    .description(
      "put a snapshot of a node's ledger there, while it runs or stands; again, if it was interrupted",
    )
    .requiredOption("--data <dir>", "the node's folder")
    .option(
      "--recipient <age1…>",
      "seal it, so that only this key reads it; may be repeated",
      collect,
    )
    .option("--check", "read the chunks that are there, and store again those that are damaged")
    .action(async (place: string, options: CreateCommandOptions, command: Command) => {
      const output = outputOf(command, streams);
      const onProgress = noteProgress<CreateProgress>(
        output,
        ({ sizeBytes, chunks, reused }) =>
          `${sizeText(sizeBytes)} in ${chunks} chunks, ${reused} of them were there`,
      );
      const work: Parameters<typeof withPlace<CreatedSnapshot>>[2] = async (snapshots, opened) => {
        const { recipient: to, check = false } = options;
        return snapshots.backUpNode(opened.store, {
          ...{ folder: resolve(options.data), genesis: opened.genesis, onProgress, check },
          ...(to === undefined ? {} : { seal: await snapshots.sealTo(to) }),
        });
      };
      const created = await withPlace(place, { ...options, create: true }, work);
      output.emit("snapshot", { ...factsOf(created), reused: created.reused });
      output.say(lineOf(created));
      output.say(`As a checkpoint: ${checkpointText(created.manifest.header)}`);
      output.say(`Chunks: ${created.chunks}; there already: ${created.reused}.`);
    });
}

function listCommand(streams: Streams): Command {
  return withPlaceOptions(new Command("list"))
    .description("the snapshots that are there, the newest first; believes nothing, checks nothing")
    .action(async (place: string, options: PlaceOptions, command: Command) => {
      const output = outputOf(command, streams);
      await withPlace(place, options, async ({ listSnapshots }, { store, genesis }) => {
        const { snapshots, unreadable } = await listSnapshots(store);
        const head = await store.anchors.head();
        const chainId = chainIdOf(genesis);
        for (const found of snapshots) {
          const isHead = found.manifest.height === head?.height;
          const isOurs = found.manifest.chainId === chainId;
          output.emit("snapshot", { ...factsOf(found), head: isHead, ownNetwork: isOurs });
          output.say(
            `${lineOf(found)}${isHead ? "  head" : ""}${isOurs ? "" : "  OF ANOTHER NETWORK"}`,
          );
        }
        for (const { id, error } of unreadable) {
          output.emit("unreadable", { id, code: error.code, message: error.message });
          output.say(`${error.code}: ${error.message}`);
        }
        if (snapshots.length + unreadable.length === 0) output.say("There is no snapshot here.");
      });
    });
}

interface VerifyCommandOptions extends PlaceOptions, IdentityOptions, CheckpointOptions {
  height?: number;
  at?: number;
  readData?: boolean;
}

function verifyCommand(streams: Streams): Command {
  return withCheckpointOption(withIdentityOption(withPlaceOptions(new Command("verify"))))
    .description("say whether a snapshot could be restored, or why not")
    .option("--height <h>", "of this height (default: the newest)", height)
    .option("--at <time>", "the newest of a day, or of a time in UTC: 2026-11-20T18:00", moment)
    .option("--read-data", "read every chunk and compute the state's root, instead of looking only")
    .action(async (place: string, options: VerifyCommandOptions, command: Command) => {
      const output = outputOf(command, streams);
      const { readData = false } = options;
      const found = await withPlace(place, options, async (snapshots, { store, genesis }) => {
        const one = await snapshots.findSnapshot(store, options);
        const onProgress = noteProgress(output, readText);
        const unseal = await unsealing(snapshots, options);
        const trust = { now: systemClock.now(), checkpoint: options.checkpoint };
        await snapshots.verifySnapshot(one, store, {
          ...{ genesis, trust, readData, onProgress },
          ...unseal,
        });
        return one;
      });
      output.emit("verified", { ...factsOf(found), readData });
      output.say(lineOf(found));
      output.say(
        readData
          ? "A quorum signed its header, and its data is the state that the header names."
          : "A quorum signed its header, and its chunks are there. --read-data reads them too.",
      );
      output.say(`As a checkpoint: ${checkpointText(found.manifest.header)}`);
    });
}

const count = integer(1, 1_000_000);
const DAY_MS = 86_400_000;

interface PruneCommandOptions extends PlaceOptions {
  keepLast?: number;
  keepDaily?: number;
  keepWeekly?: number;
  keepMonthly?: number;
  orphans?: number;
  dryRun?: boolean;
}

function pruneCommand(streams: Streams): Command {
  return withPlaceOptions(new Command("prune"))
    .description("delete old snapshots, and the chunks that only they need")
    .option("--keep-last <n>", "the highest ones", count)
    .option("--keep-daily <n>", "the highest of each of the last n days that have any (UTC)", count)
    .option("--keep-weekly <n>", "the same of weeks, which begin on Monday", count)
    .option("--keep-monthly <n>", "the same of months", count)
    .option(
      "--orphans <days>",
      "and chunks of no snapshot that were stored so many days ago",
      count,
    )
    .option("--dry-run", "say what would go, and delete nothing")
    .action(async (place: string, options: PruneCommandOptions, command: Command) => {
      const output = outputOf(command, streams);
      const { keepLast, keepDaily, keepWeekly, keepMonthly, dryRun = false } = options;
      const keep = { keepLast, keepDaily, keepWeekly, keepMonthly };
      if (Object.values(keep).every((rule) => rule === undefined))
        throw new CliError("USAGE", "say what is to stay, by one --keep- option at least");
      const { orphans } = options;
      const orphansBefore = orphans === undefined ? 0 : systemClock.now() - orphans * DAY_MS;
      const pruned = await withPlace(place, options, ({ pruneSnapshots }, { store }) =>
        pruneSnapshots(store, { ...keep, dryRun, orphansBefore }),
      );
      for (const found of pruned.snapshots) {
        output.emit("pruned", { ...factsOf(found), dryRun });
        output.say(`${dryRun ? "would go: " : "gone:     "}${lineOf(found)}`);
      }
      const { chunks, sizeBytes, orphans: given } = pruned;
      output.emit("freed", { chunks, sizeBytes, orphans: given, dryRun });
      output.say(
        `${dryRun ? "Would free" : "Freed"} ${sizeText(sizeBytes)}, in chunks: ${chunks}.`,
      );
      if (given > 0)
        output.say(`${dryRun ? "Would go" : "Gone"} besides, of no snapshot: ${given} chunks.`);
    });
}
