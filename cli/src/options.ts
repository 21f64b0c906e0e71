import { type NodeId, nodeId as nodeIdSchema } from "@meshwork/foundation";
import { type Command, InvalidArgumentError, Option } from "commander";
import { createOutput, type Output, type Streams } from "./output.ts";

/** A whole number within bounds, or commander's usage error. */
export const integer = (min: number, max: number) => (text: string) => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max)
    throw new InvalidArgumentError(`a whole number from ${min} to ${max}, please.`);
  return value;
};

/** Of a block that is not the genesis. */
export const height = integer(1, 2 ** 48);

/** A moment, in ms: with its time zone, or none in UTC; a day alone means its end. */
export const moment = (text: string): number => {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)?$/.test(
    text,
  );
  const zoned = isDay
    ? `${text}T23:59:59.999Z`
    : /(?:Z|[+-]\d\d:\d\d)$/.test(text)
      ? text
      : `${text}Z`;
  const value = isDay || isTime ? Date.parse(zoned) : Number.NaN;
  if (Number.isNaN(value))
    throw new InvalidArgumentError(
      "a day or a time such as 2026-11-20 or 2026-11-20T18:00Z, please.",
    );
  return value;
};

/** Points and fuel are whole and may exceed what a double holds. */
export const amountOption = (flags: string, description: string, byDefault: bigint): Option =>
  // The text beside it, since help writes a default as JSON, which has no big integers.
  new Option(flags, description).argParser(bigInteger).default(byDefault, String(byDefault));

function bigInteger(text: string): bigint {
  if (!/^\d{1,18}$/.test(text)) throw new InvalidArgumentError("a whole number, please.");
  return BigInt(text);
}

/** A part of a whole, such as 0.001. */
export const share = (text: string): number => {
  const value = Number(text);
  if (!/^[\d.e-]+$/i.test(text) || !(value >= 0 && value < 1))
    throw new InvalidArgumentError("a number from 0 up to 1, please.");
  return value;
};

/** An option that may be given several times. */
export const collect = (text: string, before: readonly string[] = []) => [...before, text];

export function outputOf(command: Command, streams: Streams): Output {
  return createOutput(Boolean(command.optsWithGlobals().json), streams);
}

/** A NodeId as an argument. */
export function nodeIdArgument(text: string): NodeId {
  const parsed = nodeIdSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError("a NodeId is 40 to 60 letters and digits (base58).");
}
