import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { inviteFromText } from "@meshwork/protocol";
import { Command } from "commander";
import { collect, integer } from "../options.ts";

/**
 * `relay run`, `node run` and `api run` are the programs that a container starts, with options in
 * place of environment variables. Whatever has no option here is set by its variable.
 */
interface RoleOptions {
  data: string;
  genesis?: string;
  invite?: string;
  relay?: string[];
  listen?: string[];
  port?: number;
  checkpoint?: string;
}

export const relayCommand = () =>
  new Command("relay")
    .description("forward for nodes that nobody can dial")
    .addCommand(role("relay/src/main.ts", "run a relay in this process"));

export const nodeCommand = () =>
  new Command("node")
    .description("take part: run tasks, check them, keep the ledger")
    .addCommand(
      role("edge-node/src/main.ts", "run an edge node in this process")
        .option("--invite <string>", "joins a network by invite")
        .option("--checkpoint <height:hash>", "a block that you trust, to join an old network by")
        .option("--relay <multiaddr>", "a relay, with its /p2p/ PeerId; may be repeated", collect),
    );

export const apiCommand = () =>
  new Command("api")
    .description("the front door: a node without work or vote behind an HTTP server")
    .addCommand(
      role("api/src/main.ts", "run an API in this process")
        .option("--relay <multiaddr>", "a relay, with its /p2p/ PeerId; may be repeated", collect)
        .option("--port <n>", "of the HTTP server", integer(0, 65_535)),
    );

function role(entry: string, description: string): Command {
  return new Command("run")
    .description(description)
    .requiredOption("--data <dir>", "the member's folder: keystore, passphrase, and what it learns")
    .option("--genesis <file>", "the network's genesis.json")
    .option("--listen <multiaddr>", "where to listen; may be repeated", collect)
    .action(async (options: RoleOptions) => {
      for (const [name, value] of Object.entries(settingsOf(options)))
        if (value !== undefined) process.env[name] = value;
      const path = fileURLToPath(new URL(`../../../${entry}`, import.meta.url));
      const { main } = (await import(path)) as { main(args: readonly string[]): Promise<void> };
      await main([]);
    });
}

function settingsOf(options: RoleOptions): Record<string, string | undefined> {
  const { data, genesis, invite, relay, listen, port, checkpoint } = options;
  // Refused here, before the node makes keys for it.
  if (invite !== undefined) inviteFromText(invite);
  return {
    MESHWORK_DATA: resolve(data),
    MESHWORK_GENESIS: genesis === undefined ? undefined : resolve(genesis),
    MESHWORK_INVITE: invite,
    MESHWORK_CHECKPOINT: checkpoint,
    MESHWORK_RELAYS: relay?.join(","),
    MESHWORK_LISTEN: listen?.join(","),
    MESHWORK_API_PORT: port === undefined ? undefined : String(port),
  };
}
