import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** What `npm run test:container` runs: an image built and started without a Docker engine. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: ["test/container/**/*.test.ts"],
    globalSetup: ["test/container/install.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    // To make a base, install modules and build takes a minute; on a busy machine four.
    hookTimeout: 600_000,
  },
});
