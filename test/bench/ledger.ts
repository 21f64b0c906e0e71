import type { Bench } from "./harness.ts";
import { costRows } from "./ledger-cost.ts";
import { diskRows, joinRows } from "./ledger-history.ts";
import { liveRows } from "./ledger-live.ts";
import { sizeRows } from "./ledger-size.ts";

/** The ledger as its users meet it. */
export const ledger: Bench = {
  name: "ledger",
  about: "finality, throughput, costs, idle blocks, sizes, catch-up, join after 10,000 blocks",
  run: async () => ({
    rows: [
      ...(await liveRows()),
      ...(await costRows()),
      ...sizeRows(),
      ...(await diskRows()),
      ...(await joinRows(10_000)),
    ],
  }),
};

export const ledgerLong: Bench = {
  name: "ledger-long",
  about: "join after 100,000 blocks, against 1,000",
  run: async () => ({ rows: await joinRows(100_000) }),
};
