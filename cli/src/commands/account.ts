import type { NodeId } from "@meshwork/foundation";
import { Command } from "commander";
import { CliError } from "../cli-error.ts";
import { type ApiOptions, connect, withApiOptions } from "../connect.ts";
import { nodeIdArgument, outputOf } from "../options.ts";
import type { Streams } from "../output.ts";

export function accountCommand(streams: Streams): Command {
  return withApiOptions(new Command("account"))
    .description("what an account holds, and the rule behind each change")
    .argument("<id>", "a NodeId", nodeIdArgument)
    .action(async (id: NodeId, options: ApiOptions, command: Command) => {
      const output = outputOf(command, streams);
      const trpc = await (await connect(options)).meshwork.trpc();
      const account = await trpc.accounts.get.query({ account: id });
      if (account === null)
        throw new CliError(
          "ACCOUNT_UNKNOWN",
          `the ledger knows no account ${id}; is it registered?`,
        );
      output.emit("account", account);
      output.say(`points   ${account.points}   vesting ${account.vesting}`);
      for (const why of await trpc.accounts.why.query({ account: id })) {
        output.emit("why", why);
        output.say(`  height ${why.height}  ${why.delta.padStart(10)} ${why.of}  ${why.rule}`);
      }
    });
}
