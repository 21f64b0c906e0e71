import { resolve } from "node:path";
import { handOverChain } from "@meshwork/protocol";
import { checkpointText } from "@meshwork/verify";
import { Command } from "commander";
import { CliError } from "../cli-error.ts";
import { readGenesis, writeNew } from "../files.ts";
import { outputOf } from "../options.ts";
import type { Streams } from "../output.ts";

interface HandOversOptions {
  data: string;
  genesis: string;
  out: string;
}

/** One file serves every receipt of a network, up to its last epoch: it is kept apart from them. */
export const handOversCommand = (streams: Streams): Command =>
  new Command("hand-overs")
    .description(
      "how the committees followed each other, for receipts of long ago and as a checkpoint",
    )
    .requiredOption("--data <dir>", "the folder of a node, while it runs or stands")
    .requiredOption("--genesis <file>", "of its network")
    .requiredOption("--out <file>", "the file to make, for receipt verify --hand-overs")
    .action(async (options: HandOversOptions, command: Command) => {
      const output = outputOf(command, streams);
      const genesis = await readGenesis(options.genesis);
      const { readHandOvers } = await import("@meshwork/edge-node/snapshot");
      const handOvers = await readHandOvers(resolve(options.data), genesis);
      const last = handOvers.at(-1);
      if (last === undefined)
        throw new CliError(
          "NO_HAND_OVERS",
          "no epoch of this ledger has ended yet: its receipts need the genesis alone",
        );
      const file = resolve(options.out);
      await writeNew(file, handOverChain.encode({ handOvers }));
      const checkpoint = checkpointText(last.header);
      output.emit("hand-overs", { file, epochs: handOvers.length, checkpoint });
      output.say(`${handOvers.length} ends of epochs are in ${file}.`);
      output.say(`The last, as a checkpoint: ${checkpoint}`);
    });
