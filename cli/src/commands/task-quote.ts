import type { Meshwork } from "@meshwork/api/client";
import type { VerificationPolicy } from "@meshwork/protocol";
import { Command } from "commander";
import { type ApiOptions, connect, withApiOptions } from "../connect.ts";
import { amountOption, outputOf, share } from "../options.ts";
import type { Streams } from "../output.ts";

export interface RiskOptions {
  risk?: number;
  maxCost: number;
  cheaters: number;
}

/** How sure one wants to be, for how much, and what one believes of the others. */
export const withRiskOptions = (command: Command): Command =>
  command
    .option("--risk <share>", "at most this chance of a wrong result, such as 0.001", share)
    .option("--max-cost <runs>", "at most so many runs of the task, checks included", Number, 3)
    .option("--cheaters <share>", "the part of all nodes that may be one gang", share, 0.1);

export async function planFor(
  meshwork: Meshwork,
  { risk, maxCost, cheaters, fuel }: Required<RiskOptions> & { fuel: bigint },
) {
  const assumption = { cheaters };
  return meshwork.quote({ risk, maxCost, fuel: String(fuel), assumption });
}

export function quoteCommand(streams: Streams): Command {
  return withRiskOptions(withApiOptions(new Command("quote")))
    .description("how a task is checked at the least cost for a risk, and what that assumes")
    .addOption(amountOption("--fuel <n>", "the most that one run may burn", 20_000_000_000n))
    .action(async (options: ApiOptions & RiskOptions & { fuel: bigint }, command: Command) => {
      const output = outputOf(command, streams);
      const { meshwork } = await connect(options);
      const quoted = await planFor(meshwork, { ...options, risk: options.risk ?? 0.001 });
      output.emit("quote", { ...quoted });
      const { policy, risk, cost, assumption, price, priceCeiling } = quoted;
      output.say(
        [
          `policy     ${inWords(policy)}`,
          `risk       ${risk.toPrecision(2)} that a wrong result is taken for right`,
          `cost       ${cost.toFixed(2)} runs, ${price} points on all their fuel; ${priceCeiling} are held at first`,
          `assumes    one gang holds ${assumption.cheaters} of all places, and makes up one step of ${assumption.steps}`,
        ].join("\n"),
      );
    });
}

const inWords = ({
  replicas,
  verifiers,
  segmentsPerVerifier,
  auditRate,
}: VerificationPolicy): string =>
  `${replicas} run it, ${verifiers} check ${segmentsPerVerifier} steps each, at a rate of ${(auditRate / 65_536).toFixed(2)} at least`;
