import type { BlockWithFacts, LedgerView } from "@meshwork/edge-node/snapshot";
import { toHex } from "@meshwork/foundation";
import { headerHash, transactionIdOf } from "@meshwork/protocol";

/** What of a ledger is exported, each kind a table. Rows of one table have the same keys. */
export const tableNames = ["account", "node", "task", "block", "transaction", "why"] as const;
export type TableName = (typeof tableNames)[number];

export interface Row {
  readonly table: TableName;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface RowRange {
  from: number;
  to: number;
}

/** Everything in the view: what is, of its moment; then what happened, by height. */
export async function* rowsOf(view: LedgerView, range: RowRange): AsyncGenerator<Row> {
  for (const table of ["account", "node", "task"] as const)
    for (const record of view.state.all(table)) yield { table, values: { ...record } };
  for await (const one of view.blocks(range)) yield* rowsOfBlock(one);
}

function* rowsOfBlock({ finalized: { block }, facts }: BlockWithFacts): Generator<Row> {
  const { height, view, epoch, time, activeTime, proposer, stateRoot } = block.header;
  const { transactions } = block;
  yield {
    table: "block",
    values: {
      ...{ height, hash: headerHash(block.header), epoch, view, time, activeTime, proposer },
      ...{ stateRoot, transactions: transactions.length },
    },
  };
  for (const [index, { unsigned }] of transactions.entries()) {
    const { sender, nonce, notAfter, body } = unsigned;
    yield {
      table: "transaction",
      values: {
        ...{ height, index, id: transactionIdOf(unsigned), sender, nonce, notAfter },
        ...{ kind: body.kind, body },
      },
    };
  }
  for (const { account, of, rule, delta, inputs, evidence } of facts.whys)
    yield { table: "why", values: { height, account, of, rule, delta, inputs, evidence } };
}

/** Points as decimal text, raw bytes as hex: what a program reads without losing anything. */
export const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "bigint" ? String(inner) : inner instanceof Uint8Array ? toHex(inner) : inner,
  );

/** A cell as RFC 4180 has it; what is no plain value stands there as JSON. */
export function cellOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? jsonOf(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
