import { join, resolve } from "node:path";
import { CodedError } from "@meshwork/foundation";
import { Command, Option } from "commander";
import { CliError } from "../cli-error.ts";
import { integer, outputOf } from "../options.ts";
import type { Output, Streams } from "../output.ts";

interface StartCommandOptions {
  nodes: number;
  port: number;
  data: string;
  fresh?: boolean;
  once?: boolean;
  logLevel: string;
}

export function startCommand(streams: Streams): Command {
  return new Command("start")
    .description("run a whole network on this machine, and hand it two tasks")
    .option("--nodes <n>", "edge nodes; six take part in a task", integer(6, 30), 7)
    .option("--port <n>", "of the API; the relay takes the next two", integer(1_024, 65_533), 7_700)
    .option("--data <dir>", "where the network keeps what it knows", ".meshwork")
    .option("--fresh", "delete what it knew and begin anew")
    .option("--once", "stop after the two tasks instead of staying up")
    .addOption(
      new Option("--log-level <level>", "of the log files in the data folder")
        .choices(["debug", "info", "warn", "error", "silent"])
        .default("info"),
    )
    .action(async (options: StartCommandOptions, command: Command) => {
      const stop = new AbortController();
      const release = abortOnSignals(stop);
      try {
        await run(options, outputOf(command, streams), stop.signal);
      } catch (error) {
        // Stopped by whoever started it: no error, unless the work that `--once` is for was cut short.
        if (!stop.signal.aborted || error instanceof CodedError) throw error;
        if (options.once) throw new CliError("INTERRUPTED", "stopped before the tasks had ended");
      } finally {
        release();
      }
    });
}

/** The first signal stops in order; later ones change nothing, so that an impatient Ctrl-C loses no data. */
function abortOnSignals(controller: AbortController): () => void {
  const stop = () => controller.abort();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, stop);
  return () => {
    for (const signal of signals) process.off(signal, stop);
  };
}

/** Loaded when it is asked for: `meshwork key show` needs no network. */
async function run(options: StartCommandOptions, output: Output, signal: AbortSignal) {
  const { systemClock } = await import("@meshwork/foundation");
  const { withNetwork } = await import("../start/start.ts");
  const { demonstrate } = await import("../start/demonstration.ts");
  signal.addEventListener("abort", () => output.note("Stopping …"), { once: true });
  const data = resolve(options.data);
  const { nodes, port, logLevel, fresh = false, once = false } = options;
  const settings = { data, nodes, port, logLevel, fresh, signal };
  const verified = await withNetwork(settings, output, async (network, began) => {
    const count = await demonstrate(
      { clock: systemClock, output, began, signal },
      { ...network, results: join(data, "results") },
    );
    if (!once) {
      const { invitation } = await import("../start/invitation.ts");
      output.say(invitation(network));
      await aborted(signal);
    }
    return count;
  });
  output.emit("verified", { receipts: verified });
  if (verified < 2)
    throw new CliError("TASK_NOT_VERIFIED", `${verified} of 2 receipts verified; see above`);
  if (once) output.say(`${verified} receipts verified`);
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolvePromise) => {
    if (signal.aborted) resolvePromise();
    else signal.addEventListener("abort", () => resolvePromise(), { once: true });
  });
