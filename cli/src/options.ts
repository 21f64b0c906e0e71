import { type Command, InvalidArgumentError } from "commander";
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

/** Points are whole and may exceed what a double holds. */
export const bigInteger = (text: string): bigint => {
  if (!/^\d{1,18}$/.test(text)) throw new InvalidArgumentError("a whole number, please.");
  return BigInt(text);
};

/** An option that may be given several times. */
export const collect = (text: string, before: readonly string[] = []) => [...before, text];

export function outputOf(command: Command, streams: Streams): Output {
  return createOutput(Boolean(command.optsWithGlobals().json), streams);
}
