import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** The first tier: what `npm test` runs, with nothing but npm. */
export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    include: [
      "{shared/*,edge-node,relay,api,cli}/src/**/*.test.ts",
      "test/{sim,e2e,house}/**/*.test.ts",
    ],
    // A test file is a process of its own: sockets, LevelDB locks and child processes stay apart.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
