import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** What `npm run test:drills` runs: a network of processes through what its owners do, and what befalls them. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: ["test/drills/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
