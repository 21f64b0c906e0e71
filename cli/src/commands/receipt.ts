import { limits } from "@meshwork/foundation";
import { receipt as receiptWire } from "@meshwork/protocol";
import type { VerifiedReceipt } from "@meshwork/verify";
import { Command } from "commander";
import { readBounded, readGenesis } from "../files.ts";
import { outputOf } from "../options.ts";
import type { Output, Streams } from "../output.ts";
import { checkReceipt } from "../receipt-check.ts";

export function receiptCommand(streams: Streams): Command {
  return new Command("receipt")
    .description("check, offline, what a task's receipt proves")
    .addCommand(verifyCommand(streams))
    .addCommand(showCommand(streams));
}

function verifyCommand(streams: Streams): Command {
  return new Command("verify")
    .description("believe a receipt, or say which of its claims does not hold; asks nobody")
    .argument("<file>", "the receipt")
    .requiredOption("--genesis <file>", "of the network that it is from: the only thing believed")
    .action(async (file: string, options: { genesis: string }, command: Command) => {
      const genesis = await readGenesis(options.genesis);
      const checked = checkReceipt(await readBounded(file, limits.receiptBytes), genesis);
      tell(outputOf(command, streams), checked);
    });
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
  if (checked.trust === "valid_historic")
    output.say("but          its keys are older than the trust period: ask for a newer checkpoint");
}
