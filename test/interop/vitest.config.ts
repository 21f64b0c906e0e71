import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** The second tier's meetings with programs by other hands: needs what they are packaged in. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: ["test/interop/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
