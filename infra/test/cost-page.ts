import { readFileSync } from "node:fs";

export const page = new URL("../../docs/cloud/costs.md", import.meta.url);

const BEGIN = "<!-- computed by infra/test/write-costs.ts -->\n";
const END = "<!-- end -->";

/** The page with these tables between its marks. */
export function pageWith(tables: string): string {
  const text = readFileSync(page, "utf8");
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error("the page has lost its marks");
  return `${before}${BEGIN}\n${tables}\n${END}${after}`;
}
