import { limits } from "@meshwork/foundation";
import { Command } from "commander";
import { CliError } from "../cli-error.ts";
import { readBounded, readGenesis } from "../files.ts";
import { readTask, type TaskFiles, withTaskFiles } from "../guest-kit/read-task.ts";
import { type LocalRun, runLocally } from "../guest-kit/run-locally.ts";
import { outputOf } from "../options.ts";
import type { Output, Streams } from "../output.ts";
import { checkReceipt } from "../receipt-check.ts";

interface ReproduceOptions extends TaskFiles {
  receipt: string;
  genesis: string;
}

export function reproduceCommand(streams: Streams): Command {
  return withTaskFiles(new Command("reproduce"))
    .description("run a receipt's task again, here: is its result what the network says?")
    .requiredOption("--receipt <file>", "of the task")
    .requiredOption("--genesis <file>", "of the network that it is from")
    .action(async (program: string, options: ReproduceOptions, command: Command) => {
      const output = outputOf(command, streams);
      const genesis = await readGenesis(options.genesis);
      const receipt = await readBounded(options.receipt, limits.receiptBytes);
      const { result, orderId } = checkReceipt(receipt, genesis);
      if (result === null)
        throw new CliError(
          "RECEIPT_INVALID",
          `order ${orderId} ended without a result: there is nothing to reproduce`,
        );
      const run = await runLocally(await readTask(program, options));
      compare(result, run, output);
    });
}

type Claimed = NonNullable<ReturnType<typeof checkReceipt>["result"]>;

const COMPARED = ["resultHash", "traceRoot", "steps", "fuel", "fault"] as const;

/** @throws CliError NOT_REPRODUCED when anything differs. */
function compare(claimed: Claimed, run: LocalRun, output: Output): void {
  const differing = COMPARED.filter((name) => claimed[name] !== run[name]);
  for (const name of COMPARED) {
    const same = !differing.includes(name);
    output.emit("check", { name, claimed: claimed[name], here: run[name], same });
    const here = same ? "" : `, here ${run[name] ?? "none"}`;
    output.say(`${same ? "same     " : "DIFFERENT"}  ${name} ${claimed[name] ?? "none"}${here}`);
  }
  if (differing.length > 0)
    throw new CliError(
      "NOT_REPRODUCED",
      `${differing.join(", ")} differ: give the program, the inputs and the limits of that order, byte for byte`,
      { detail: { differing } },
    );
}
