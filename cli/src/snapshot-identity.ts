import type { Unseal } from "@meshwork/edge-node/snapshot";
import type { Command } from "commander";
import { readBounded } from "./files.ts";

export interface IdentityOptions {
  identity?: string;
}

export const withIdentityOption = (command: Command): Command =>
  command.option("--identity <file>", "with what opens a sealed snapshot, as age-keygen writes it");

/** The option that reads sealed snapshots, where an identity was named. */
export async function unsealing(
  { unsealWith }: Pick<typeof import("@meshwork/edge-node/snapshot"), "unsealWith">,
  { identity }: IdentityOptions,
): Promise<{ unseal?: Unseal }> {
  if (identity === undefined) return {};
  const text = new TextDecoder().decode(await readBounded(identity, 64 << 10));
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const keys = lines.filter((line) => line !== "" && !line.startsWith("#"));
  return { unseal: await unsealWith(keys) };
}
