import { systemClock } from "@meshwork/foundation";
import { createSandboxPool } from "../sandbox-pool.ts";
import { firstSegment, jsTask } from "./tasks.ts";

/** A process with one child in an endless loop and one that stands ready; a test kills it. */
const pool = await createSandboxPool({ clock: systemClock });
const task = jsTask("function main() { for (;;); }", { limits: { fuel: 1n << 50n } });
const session = await pool.open(task, {
  hostLimits: { wallMs: 60_000, hostMemoryBytes: 1 << 30 },
});
const running = session.runSegment(firstSegment);
process.stdout.write("busy\n");
await running;
