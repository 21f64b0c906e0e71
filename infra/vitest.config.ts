import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** What `npm run test:infra` runs: offline, without account, without Docker. */
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  test: {
    include: ["{lib,lambda,test}/**/*.test.ts"],
    // aws-cdk-lib takes seconds to load: one process loads it once. Apps share nothing.
    pool: "forks",
    isolate: false,
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
