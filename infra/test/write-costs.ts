// Writes the tables of docs/cloud/costs.md anew: node infra/test/write-costs.ts
import { writeFileSync } from "node:fs";
import { page, pageWith } from "./cost-page.ts";
import { costTables } from "./costs.ts";

writeFileSync(page, pageWith(costTables()));
