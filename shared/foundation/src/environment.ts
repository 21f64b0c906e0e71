import type { z } from "zod";
import { CodedError } from "./errors.ts";

/** A wrong setting ends a program before it has done anything; the process exits with 78 (EX_CONFIG). */
export class ConfigError extends CodedError<"CONFIG_INVALID"> {
  readonly exitCode = 78;
}

/**
 * Reads a program's settings once, at its start: environment → one schema → frozen value. Keys of the
 * schema are the variables' names; an empty variable counts as not set. Variables of ours that the
 * schema does not know are refused: a misspelt setting that silently does nothing is the worst kind.
 */
export function readEnvironment<S extends z.ZodObject>(
  schema: S,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<z.infer<S>> {
  const known = Object.keys(schema.shape);
  const set = Object.entries(environment).filter(
    ([, value]) => value !== undefined && value !== "",
  );
  for (const [name] of set) {
    if (!name.startsWith("MESHWORK_") || known.includes(name)) continue;
    throw new ConfigError(
      "CONFIG_INVALID",
      `${name} is no setting of this program; it knows ${known.join(", ")}`,
      {
        detail: { variable: name },
      },
    );
  }
  const parsed = schema.safeParse(Object.fromEntries(set.filter(([name]) => known.includes(name))));
  if (parsed.success) return Object.freeze(parsed.data);
  const issue = parsed.error.issues[0];
  const variable = String(issue?.path[0] ?? "");
  const value = environment[variable];
  const found = value === undefined || value === "" ? "is not set" : `is ${JSON.stringify(value)}`;
  throw new ConfigError(
    "CONFIG_INVALID",
    `${variable} ${found}: ${issue?.message}. Set it and start again`,
    {
      detail: { variable, value },
    },
  );
}
