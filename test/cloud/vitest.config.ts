import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** What `npm run test:cloud` runs: every storage driver against services that speak the AWS protocols. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: ["test/cloud/**/*.test.ts"],
    globalSetup: ["test/cloud/install.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
