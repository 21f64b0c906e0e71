import { checkpointFromText, type NamedBlock } from "@meshwork/verify";
import { type Command, InvalidArgumentError, Option } from "commander";

export interface CheckpointOptions {
  checkpoint?: NamedBlock;
}

/** What the operator trusts beside the genesis, once that is older than the trust period. */
export const withCheckpointOption = (command: Command): Command =>
  command.addOption(
    new Option(
      "--checkpoint <height:hash>",
      "a block that you trust: the end of an epoch, or the block itself",
    )
      .env("MESHWORK_CHECKPOINT")
      .argParser(named),
  );

function named(text: string): NamedBlock {
  const checkpoint = checkpointFromText(text);
  if (checkpoint !== null) return checkpoint;
  throw new InvalidArgumentError(
    "a block's height and its whole hash, HEIGHT:HASH, as meshwork backup verify prints them.",
  );
}
