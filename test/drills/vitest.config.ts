import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/**
 * What `npm run test:drills` runs: a network of processes through what its owners do, and what befalls
 * them; and, as `x.drill.ts` beside its source, what needs more of the machine than npm.
 */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: ["test/drills/**/*.test.ts", "edge-node/src/**/*.drill.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
