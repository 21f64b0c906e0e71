import { data, dataLong } from "./data.ts";
import { finality } from "./finality.ts";
import { type Bench, formatReport, report } from "./harness.ts";
import { ledger, ledgerLong } from "./ledger.ts";
import { metering } from "./metering.ts";
import { sm2 } from "./sm2.ts";
import { state } from "./state.ts";
import { tasks } from "./tasks.ts";

/** `npm run bench -- NAME [--json]` */
const benches: readonly Bench[] = [
  sm2,
  metering,
  finality,
  ledger,
  ledgerLong,
  state,
  tasks,
  data,
  dataLong,
];

const args = process.argv.slice(2);
const json = args.includes("--json");
const names = args.filter((arg) => arg !== "--json");
const chosen = benches.find(({ name }) => name === names[0]);

if (chosen === undefined || names.length !== 1) {
  const list = benches.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join("\n");
  console.error(`npm run bench -- NAME [--json], where NAME is one of\n${list}`);
  process.exitCode = 2;
} else {
  const result = await report(chosen);
  console.log(json ? JSON.stringify(result) : formatReport(result));
  if (result.rows.some(({ met }) => met === false)) process.exitCode = 1;
}
