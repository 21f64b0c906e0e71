import { readFileSync } from "node:fs";

const text = readFileSync(new URL("../../Dockerfile", import.meta.url), "utf8").replaceAll(
  "\\\n",
  " ",
);

/** One `FROM … AS name` with its instructions, as far as tests ask. */
export interface Stage {
  readonly name: string;
  /** An image, or another stage. */
  readonly base: string;
  /** Whether it is built on the processor of the building machine. */
  readonly isForBuilder: boolean;
  readonly instructions: readonly string[];
}

export const stages: readonly Stage[] = text
  .split(/^(?=FROM )/m)
  .slice(1)
  .map((part) => {
    const [from = "", ...rest] = part.split("\n").filter((line) => /^[A-Z]+ /.test(line));
    const [, platform, base = "", name = ""] =
      /^FROM (--platform=\$BUILDPLATFORM )?(\S+) AS (\S+)$/.exec(from) ?? [];
    return { name, base, isForBuilder: platform !== undefined, instructions: rest };
  });

/** A stage, and those that it stands on, the lowest first. */
export function lineOf(name: string): readonly Stage[] {
  const stage = stages.find((one) => one.name === name);
  return stage === undefined ? [] : [...lineOf(stage.base), stage];
}

/** What an image's programs find in their environment. */
export const environmentOf = (target: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    lineOf(target)
      .flatMap(({ instructions }) => instructions)
      .filter((line) => line.startsWith("ENV "))
      .flatMap((line) => line.slice("ENV ".length).trim().split(/\s+/))
      .map((pair) => pair.split("=", 2)),
  );

export const baseVersion = /^ARG BASE_IMAGE=node:(\d+\.\d+\.\d+)-slim$/m.exec(text)?.[1];
