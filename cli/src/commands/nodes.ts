import { Command } from "commander";
import { type ApiOptions, connect, withApiOptions } from "../connect.ts";
import { outputOf } from "../options.ts";
import type { Streams } from "../output.ts";

export function nodesCommand(streams: Streams): Command {
  return withApiOptions(new Command("nodes"))
    .description("the network's nodes, their reputation, and who sits in the committee")
    .action(async (options: ApiOptions, command: Command) => {
      const output = outputOf(command, streams);
      const trpc = await (await connect(options)).meshwork.trpc();
      output.say("reputation  seat  eligible  services      node");
      let after: string | undefined;
      do {
        const page = await trpc.nodes.list.query(after === undefined ? {} : { after });
        for (const node of page.nodes) {
          output.emit("node", node);
          const seat = node.seated ? "seat" : "    ";
          const eligible = node.eligible ? "yes" : "no ";
          const services = node.services.join(",").padEnd(12);
          const reputation = node.reputation.toFixed(2).padEnd(10);
          output.say(`${reputation}  ${seat}  ${eligible}       ${services}  ${node.nodeId}`);
        }
        after = page.next ?? undefined;
      } while (after !== undefined);
    });
}
