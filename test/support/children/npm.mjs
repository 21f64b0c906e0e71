// Stands for npm: starts a supervisor as npm starts a script, shows its output, and tells it nothing.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

spawn(process.execPath, [fileURLToPath(new URL("./supervisor.mjs", import.meta.url))], {
  env: { ...process.env, npm_lifecycle_event: "start" },
  stdio: ["ignore", "inherit", "inherit"],
});
