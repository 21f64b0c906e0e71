import { fromUtf8, utf8 } from "@meshwork/foundation";
import type { LedgerEvent, Why } from "@meshwork/ledger";

/** What a block brought about and why: derived from the block, kept for those who ask. */
export interface BlockFacts {
  readonly events: readonly LedgerEvent[];
  readonly whys: readonly Why[];
}

/** Local JSON, never a wire: JSON knows no big integers, so those stand as `{ "bigint": "12" }`. */
export const encodeFacts = (facts: BlockFacts): Uint8Array =>
  utf8(
    JSON.stringify(facts, (_key, value: unknown) =>
      typeof value === "bigint" ? { bigint: String(value) } : value,
    ),
  );

export const decodeFacts = (bytes: Uint8Array): BlockFacts =>
  JSON.parse(fromUtf8(bytes), (_key, value: unknown) =>
    isBigInteger(value) ? BigInt(value.bigint) : value,
  ) as BlockFacts;

const isBigInteger = (value: unknown): value is { bigint: string } =>
  typeof value === "object" &&
  value !== null &&
  "bigint" in value &&
  typeof value.bigint === "string" &&
  Object.keys(value).length === 1;
