import { type OrderId, toHex } from "@meshwork/foundation";
import { Command, Option } from "commander";
import {
  type ApiOptions,
  type Connection,
  connect,
  orderIdArgument,
  withApiOptions,
} from "../connect.ts";
import { outputOf } from "../options.ts";
import type { Output, Streams } from "../output.ts";
import { shortName, stateTeller } from "../show-task.ts";
import { signedBy } from "../sign-transaction.ts";
import { bundleCommand } from "./task-bundle.ts";
import { doctorCommand } from "./task-doctor.ts";
import { followCommand, isJob, mapCommand, revokeJob } from "./task-map.ts";
import { newCommand } from "./task-new.ts";
import { quoteCommand } from "./task-quote.ts";
import { reproduceCommand } from "./task-reproduce.ts";
import { runCommand } from "./task-run.ts";
import { submitCommand } from "./task-submit.ts";

export function taskCommand(streams: Streams): Command {
  return new Command("task")
    .description("write work, try it here, hand it in, follow it, and fetch what came of it")
    .addCommand(submitCommand(streams))
    .addCommand(mapCommand(streams))
    .addCommand(followCommand(streams))
    .addCommand(quoteCommand(streams))
    .addCommand(newCommand(streams))
    .addCommand(bundleCommand(streams))
    .addCommand(runCommand(streams))
    .addCommand(doctorCommand(streams))
    .addCommand(reproduceCommand(streams))
    .addCommand(getCommand(streams))
    .addCommand(watchCommand(streams))
    .addCommand(revokeCommand(streams));
}

function getCommand(streams: Streams): Command {
  return withApiOptions(new Command("get"))
    .description("the state of an order of yours, and its result when it has one")
    .argument("<order>", "the order's id", orderIdArgument)
    .addOption(new Option("--unverified", "also one worker's word that nobody has checked yet"))
    .action(
      async (
        orderId: OrderId,
        options: ApiOptions & { unverified?: boolean },
        command: Command,
      ) => {
        const output = outputOf(command, streams);
        const { meshwork } = await connect(options);
        const unverified = options.unverified ?? false;
        tell(output, await meshwork.result(orderId, { unverified }));
      },
    );
}

type Result = Awaited<ReturnType<Awaited<ReturnType<typeof connect>>["meshwork"]["result"]>>;

function tell(output: Output, result: Result): void {
  const bytes = "output" in result ? result.output : null;
  output.emit("result", {
    ...result,
    output: bytes === null ? null : toHex(bytes),
    kind: "result",
  });
  switch (result.kind) {
    case "pending":
      output.say(`${result.stage}: there is no result yet`);
      return;
    case "unverified":
      output.say(`unverified, the word of ${result.worker} alone; ${result.resultHash}`);
      break;
    case "concluded":
      output.say(`${result.outcome}; ${result.result?.resultHash ?? "no result"}`);
      break;
  }
  if (bytes !== null) output.say(new TextDecoder().decode(bytes));
}

function watchCommand(streams: Streams): Command {
  return withApiOptions(new Command("watch"))
    .description("every state of an order of yours, until its last")
    .argument("<order>", "the order's id", orderIdArgument)
    .action(async (orderId: OrderId, options: ApiOptions, command: Command) => {
      const output = outputOf(command, streams);
      const { meshwork } = await connect(options);
      const tell = stateTeller(
        (stage, what) => output.say(`${stage.padEnd(10)} ${what}`),
        shortName,
      );
      for await (const state of meshwork.watch(orderId)) {
        output.emit("state", { state });
        tell(state);
      }
    });
}

function revokeCommand(streams: Streams): Command {
  return withApiOptions(new Command("revoke"))
    .description(
      "take an order or a job of yours back: free before its draw, at a fee until a worker has its result",
    )
    .argument("<id>", "of the order, or of the job", orderIdArgument)
    .action(async (id: OrderId, options: ApiOptions, command: Command) => {
      const output = outputOf(command, streams);
      const connection = await connect(options);
      if (await isJob(connection, id)) await revokeJob(connection, id, output);
      else await revokeOrder(connection, id, output);
    });
}

async function revokeOrder(
  { meshwork, account, keyPair }: Connection,
  orderId: OrderId,
  output: Output,
): Promise<void> {
  const signer = { chainId: await meshwork.chainId(), sender: account, keyPair };
  const height = await meshwork.transact(signedBy(signer, () => ({ kind: "cancel", orderId })));
  output.emit("revoked", { orderId, height });
  output.say(`order ${orderId} is revoked, as of block ${height}`);
}
