import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** What `npm run test:guest-kit` runs: templates that need a compiler which npm does not bring. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: ["test/guest-kit/**/*.test.ts"],
    globalSetup: ["test/guest-kit/install.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
  },
});
