import type { TaskWork } from "@meshwork/api/client";
import { limits } from "@meshwork/foundation";
import { comparator, type WorkNature, workNature } from "@meshwork/protocol";
import { type Command, Option } from "commander";
import { CliError } from "../cli-error.ts";
import { readBounded } from "../files.ts";
import { collect } from "../options.ts";

/** What kind of work it is: docs/not-deterministic.md. */
export interface WorkOptions {
  nature: WorkNature;
  compare?: string;
  fetch?: readonly string[];
  model?: boolean;
  rubric?: string;
}

export const withWorkOptions = (command: Command): Command =>
  command
    .addOption(
      new Option("--nature <kind>", "what can be said of a result of such work")
        .choices(workNature.options)
        .default("deterministic"),
    )
    .option(
      "--compare <how>",
      "how results are alike: canonical-json, numeric:json:ABSOLUTE:RELATIVE, numeric:f64le:…, set:lines, set:json, token-set:PERMILLE, wasm:FILE (default: the same bytes)",
    )
    .option("--fetch <origin>", "from where it may fetch; may be given several times", collect)
    .option("--model", "it may ask the language model of the node that runs it")
    .option("--rubric <file>", "JavaScript that judges the output, for work that is judged");

export async function workOf(options: WorkOptions): Promise<TaskWork> {
  const { nature, compare, fetch = [], model = false, rubric } = options;
  return {
    nature,
    fetch,
    model,
    ...(compare === undefined ? {} : { comparator: await comparatorOf(compare) }),
    ...(rubric === undefined ? {} : { rubric: await readProgram(rubric) }),
  };
}

const readProgram = async (path: string) =>
  new Uint8Array(await readBounded(path, limits.programBytes));

async function comparatorOf(text: string): Promise<NonNullable<TaskWork["comparator"]>> {
  const [kind, ...values] = text.split(":");
  if (kind === "wasm") return { kind, module: await readProgram(values.join(":")) };
  const [first, absolute, relative] = values;
  const parsed = comparator.safeParse(
    {
      numeric: { kind, encoding: first, absolute, relative },
      set: { kind, of: first },
      "token-set": { kind, leastPermille: Number(first) },
    }[kind ?? ""] ?? { kind },
  );
  if (parsed.success && parsed.data.kind !== "wasm") return parsed.data;
  throw new CliError(
    "USAGE",
    `--compare ${text} is no comparator: see meshwork task submit --help`,
  );
}
