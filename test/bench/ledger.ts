import type { Bench } from "./harness.ts";
import { costRows } from "./ledger-cost.ts";
import { diskRows, joinRows } from "./ledger-history.ts";
import { liveRows } from "./ledger-live.ts";
import { sizeRows } from "./ledger-size.ts";

/** The ledger as its users meet it; `ledger-long` joins after ten times as many blocks. */
const ledgerBench = (name: string, about: string, long: number): Bench => ({
  name,
  about,
  run: async () => ({
    rows: [
      ...(await liveRows()),
      ...(await costRows()),
      ...sizeRows(),
      ...(await diskRows()),
      ...(await joinRows(long)),
    ],
  }),
});

export const ledger = ledgerBench(
  "ledger",
  "finality, throughput, costs, idle blocks, sizes, catch-up, join after 10,000 blocks",
  10_000,
);
export const ledgerLong = ledgerBench(
  "ledger-long",
  "the same, join after 100,000 blocks",
  100_000,
);
