import { CodedError, codeOf, messageOf } from "@meshwork/foundation";
import { Command, CommanderError } from "commander";
import { exitCodeFor, exitCodes } from "./cli-error.ts";
import { accountCommand } from "./commands/account.ts";
import { backupCommand } from "./commands/backup.ts";
import { dataCommand } from "./commands/data.ts";
import { delegateCommand } from "./commands/govern.ts";
import { keyCommand } from "./commands/key.ts";
import { ledgerCommand } from "./commands/ledger.ts";
import { networkCommand } from "./commands/network.ts";
import { nodesCommand } from "./commands/nodes.ts";
import { receiptCommand } from "./commands/receipt.ts";
import { restoreCommand } from "./commands/restore.ts";
import { apiCommand, nodeCommand, relayCommand } from "./commands/run-role.ts";
import { startCommand } from "./commands/start.ts";
import { taskCommand } from "./commands/task.ts";
import { processStreams, type Streams } from "./output.ts";

/** The `meshwork` command. Ends by setting the process's exit code, never by leaving at once. */
export async function main(args: readonly string[], streams = processStreams): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", unlessReaderLeft);
  process.exitCode = await run(args, streams);
}

/** `meshwork nodes | head` has read enough: what is left to say nobody wants to hear. */
function unlessReaderLeft(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

/** Runs one command line; the result is its exit code. */
export async function run(args: readonly string[], streams: Streams): Promise<number> {
  const program = buildProgram(streams);
  try {
    await program.parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
    report(error, args.includes("--json"), streams);
    return exitCodeFor(error);
  }
}

const commands = [
  startCommand,
  taskCommand,
  dataCommand,
  receiptCommand,
  nodesCommand,
  accountCommand,
  networkCommand,
  delegateCommand,
  nodeCommand,
  relayCommand,
  apiCommand,
  backupCommand,
  restoreCommand,
  ledgerCommand,
  keyCommand,
];

function buildProgram(streams: Streams): Command {
  const program = new Command("meshwork")
    .description("Hand work to a network, and take home results that somebody else has checked.")
    .option("--json", "answer in JSON, one object a line, for programs")
    .showHelpAfterError("(meshwork COMMAND --help shows what it takes)")
    .configureOutput({ writeOut: streams.out, writeErr: streams.err })
    .exitOverride();
  for (const command of commands) program.addCommand(inherit(command(streams), program));
  return program;
}

/** Commander passes settings down only to commands that it made itself. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command;
}

/** An error of the world is one line; one of the program shows where it happened. */
function report(error: unknown, json: boolean, streams: Streams): void {
  if (json) {
    const detail = error instanceof CodedError ? error.detail : {};
    const line = { kind: "error", code: codeOf(error), message: messageOf(error), detail };
    streams.out(`${JSON.stringify(line)}\n`);
  } else if (error instanceof CodedError) {
    streams.err(`${error.code}: ${error.message}\n`);
  } else {
    streams.err(`INTERNAL: ${error instanceof Error ? error.stack : String(error)}\n`);
  }
}
