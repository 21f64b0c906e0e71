import { limits, messageOf } from "@meshwork/foundation";
import { handOverChain, jobReceipt, receipt as receiptWire } from "@meshwork/protocol";
import type { VerifiedJob, VerifiedReceipt } from "@meshwork/verify";
import { Command } from "commander";
import { type CheckpointOptions, withCheckpointOption } from "../checkpoint.ts";
import { CliError } from "../cli-error.ts";
import { readBounded, readGenesis } from "../files.ts";
import { outputOf } from "../options.ts";
import type { Output, Streams } from "../output.ts";
import { checkJobReceipt, checkReceipt, type ReceiptSupport } from "../receipt-check.ts";
import { handOversCommand } from "./receipt-hand-overs.ts";

interface VerifyOptions extends CheckpointOptions {
  genesis: string;
  handOvers?: string;
}

export function receiptCommand(streams: Streams): Command {
  return new Command("receipt")
    .description("check, offline, what a task's receipt proves")
    .addCommand(verifyCommand(streams))
    .addCommand(showCommand(streams))
    .addCommand(handOversCommand(streams));
}

function verifyCommand(streams: Streams): Command {
  return withCheckpointOption(new Command("verify"))
    .description("believe a receipt, or say which of its claims does not hold; asks nobody")
    .argument("<file>", "the receipt")
    .requiredOption("--genesis <file>", "of the network that it is from: the only thing believed")
    .option("--hand-overs <file>", "for one of long ago: what receipt hand-overs has made")
    .action(async (file: string, options: VerifyOptions, command: Command) => {
      const genesis = await readGenesis(options.genesis);
      const bytes = await readBounded(file, limits.jobReceiptBytes);
      const support = await supportOf(options);
      const output = outputOf(command, streams);
      if (isJobReceipt(bytes)) tellJob(output, checkJobReceipt(bytes, genesis, support));
      else tell(output, checkReceipt(bytes, genesis, support));
    });
}

async function supportOf({ handOvers, checkpoint }: VerifyOptions): Promise<ReceiptSupport> {
  if (handOvers === undefined) return { checkpoint };
  const bytes = await readBounded(handOvers, limits.handOverChainBytes);
  try {
    return { checkpoint, handOver: handOverChain.decode(bytes).handOvers };
  } catch (cause) {
    throw new CliError(
      "HAND_OVERS_INVALID",
      `${handOvers} holds no hand-overs: ${messageOf(cause)}; take a file that meshwork receipt hand-overs wrote`,
      { detail: { path: handOvers }, cause },
    );
  }
}

function showCommand(streams: Streams): Command {
  return new Command("show")
    .description("the contents of a receipt as JSON; checks its form, and nothing else")
    .argument("<file>", "the receipt")
    .action(async (file: string, _options: unknown, command: Command) => {
      const json = receiptWire.toJson(
        receiptWire.decode(await readBounded(file, limits.receiptBytes)),
      );
      const output = outputOf(command, streams);
      output.emit("receipt", { receipt: JSON.parse(json) });
      output.say(json);
    });
}

/** A receipt of one order is none of a job: their canonical forms differ. */
function isJobReceipt(bytes: Uint8Array): boolean {
  try {
    jobReceipt.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function tellJob(output: Output, checked: VerifiedJob): void {
  const { ok: _, ...facts } = checked;
  output.emit("job-receipt", { ...facts });
  const { jobId, requester, parts, failures, reduce, root, trust } = checked;
  output.say(`${reduce?.outcome ?? "parts only"}     job ${jobId}`);
  output.say(`by           ${requester}`);
  for (const [index, part] of parts.entries())
    output.say(
      `part ${String(index).padEnd(7)} ${part.outcome}, ${part.resultHash ?? "no result"}`,
    );
  output.say(`parts        ${parts.length}, ${failures} of them without a result`);
  if (reduce !== null) output.say(`result       ${reduce.resultHash}: ${reduce.risk.statement}`);
  output.say(`root         ${root}, of all ${parts.length + (reduce === null ? 0 : 1)} receipts`);
  if (trust === "valid_historic") output.say(OLD_KEYS);
}

const OLD_KEYS =
  "but          its keys are older than the trust period: name a younger one by --checkpoint";

function tell(output: Output, checked: VerifiedReceipt): void {
  const { ok: _, ...facts } = checked;
  output.emit("receipt", { ...facts });
  output.say(`${checked.outcome.padEnd(12)} order ${checked.orderId}`);
  output.say(`by           ${checked.requester}`);
  if (checked.result !== null) {
    const fault = checked.result.fault === null ? "" : `, ended in ${checked.result.fault}`;
    output.say(`result       ${checked.result.resultHash}${fault}`);
  }
  const when = new Date(checked.time).toISOString();
  output.say(`final        at height ${checked.height}, ${when}`);
  output.say(`says         ${checked.risk.statement}`);
  if (checked.trust === "valid_historic") output.say(OLD_KEYS);
}
