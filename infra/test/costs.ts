import { type CostLine, estimate, totalOf } from "../lib/costs/estimate.ts";
import { prices, usage } from "../lib/costs/prices.ts";
import { synthesise } from "./synthesise.ts";

/** The designs that the page compares, by their options. */
export const designs: readonly (readonly [name: string, options: object])[] = [
  ["the default: two relays and the API, no balancer", {}],
  ["the API behind a balancer", { apiFront: "balancer" }],
  ["relays and API behind balancers", { relayFront: "balancer", apiFront: "balancer" }],
  ["two relays alone", { api: false }],
  ["the default and four validators", { validators: 4 }],
];

const dollars = (amount: number) => amount.toFixed(2);

/** The part of docs/cloud/costs.md between its marks: computed, never written by hand. */
export const costTables = (): string =>
  `${[...designs.map(designTable), usageTable()].join("\n\n")}\n`;

function designTable([name, options]: (typeof designs)[number]): string {
  const lines: CostLine[] = [
    ...estimate(synthesise(options)),
    { what: "hosted zone", count: 1, monthly: prices.hostedZone },
  ];
  const flags = Object.entries(options).map(([key, value]) => `-c ${key}=${value}`);
  return [
    `### ${name}`,
    "",
    ...(flags.length > 0 ? [`\`${flags.join(" ")}\``, ""] : []),
    "| what | count | $ a month |",
    "|---|---:|---:|",
    ...lines.map(({ what, count, monthly }) => `| ${what} | ${count} | ${dollars(monthly)} |`),
    `| **total** | | **${dollars(totalOf(lines))}** |`,
  ].join("\n");
}

const usageTable = () =>
  [
    "### and by use",
    "",
    "| what | price |",
    "|---|---|",
    ...usage.map((row) => `| ${row.join(" | ")} |`),
  ].join("\n");
