import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** What `npm run test:differential` runs: one task, many engines. Installs the Nodes that it needs. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: ["test/fuzz/**/*.test.ts"],
    globalSetup: ["test/fuzz/nodes.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
