import { join, resolve } from "node:path";
import { systemClock, systemRandom } from "@meshwork/foundation";
import { chainIdOf, inviteToText } from "@meshwork/protocol";
import { Command } from "commander";
import { type CheckpointOptions, withCheckpointOption } from "../checkpoint.ts";
import { CliError } from "../cli-error.ts";
import { readGenesis, writeNew } from "../files.ts";
import { readKeys } from "../key-files.ts";
import { checkpointOf } from "../network/checkpoint-of.ts";
import { makeInvite } from "../network/make-invite.ts";
import { amountOption, collect, integer, outputOf } from "../options.ts";
import type { Streams } from "../output.ts";
import { proposeCommand, supportCommand } from "./govern.ts";
import { revokeInviteCommand } from "./revoke-invite.ts";

export function networkCommand(streams: Streams): Command {
  return new Command("network")
    .description("make a network, let others in, and change its rules")
    .addCommand(createCommand(streams))
    .addCommand(inviteCommand(streams))
    .addCommand(revokeInviteCommand(streams))
    .addCommand(proposeCommand(streams))
    .addCommand(supportCommand(streams));
}

interface CreateOptions {
  validators: number;
  nodes?: number;
  name: string;
  out: string;
  dev?: boolean;
  relay: string[];
}

function createCommand(streams: Streams): Command {
  return new Command("create")
    .description("make a network: its genesis, the keys of its members, and an invite")
    .requiredOption(
      "--validators <n>",
      "nodes that vote; four survive the loss of one",
      integer(4, 100),
    )
    .option("--nodes <m>", "founding nodes all told (default: as many as vote)", integer(4, 1_000))
    .option("--name <name>", "small letters, digits and dashes", "meshwork")
    .option("--out <dir>", "the folder to make", "meshwork-network")
    .option("--dev", "caps off, newcomers count at once: for one machine or one team")
    .option("--relay <multiaddr>", "where the relay will be found; may be repeated", collect)
    .action(async (options: CreateOptions, command: Command) => {
      const output = outputOf(command, streams);
      const { validators, nodes = validators, name, dev = false } = options;
      if (nodes < validators)
        throw new CliError(
          "USAGE",
          `${nodes} nodes cannot hold ${validators} validators; raise --nodes`,
        );
      const folder = resolve(options.out);
      const { createNetwork, networkFiles } = await import("../network/create-network.ts");
      const { chainId, relays, invite } = await createNetwork(
        { clock: systemClock, random: systemRandom },
        {
          name,
          nodes,
          validators,
          development: dev,
          relayAddresses: options.relay ?? ["/ip4/127.0.0.1/tcp/7701"],
        },
        folder,
      );
      output.emit("network", { chainId, folder, nodes, validators, relays, invite });
      output.say(`Network ${name} (${chainId})`);
      output.say(
        `  ${join(folder, networkFiles.genesis)}   its rules and founders: share it freely`,
      );
      output.say(`  ${join(folder, networkFiles.invite)}   lets newcomers in: share it with care`);
      output.say(
        `  ${join(folder, networkFiles.node(1))} …   keys, one folder a member: to its machine, and nowhere else`,
      );
      for (const relay of relays) output.say(`  the relay, as its nodes dial it: ${relay}`);
      output.say("Next, each with its own folder: meshwork relay run, node run, api run.");
    });
}

interface InviteOptions extends CheckpointOptions {
  data?: string;
  genesis: string;
  keys: string;
  relay: string[];
  grant: bigint;
  uses: number;
  days: number;
  out?: string;
}

function inviteCommand(streams: Streams): Command {
  const command = new Command("invite")
    .description("make an invite string that your account answers and pays for")
    .requiredOption("--genesis <file>", "the network's genesis.json")
    .requiredOption("--keys <dir>", "the folder of the account that vouches")
    .requiredOption(
      "--relay <multiaddr>",
      "a relay, with its /p2p/ PeerId; may be repeated",
      collect,
    )
    .addOption(amountOption("--grant <points>", "what each newcomer gets from you", 1_000n))
    .option("--uses <n>", "how many newcomers it lets in", integer(1, 10_000), 1)
    .option("--days <n>", "how long it is good for", integer(1, 365), 7)
    .option("--data <dir>", "a node's folder: where its ledger stands, for newcomers to trust")
    .option("--out <file>", "write it to a new file instead of the screen")
    .action(async (options: InviteOptions, command: Command) => {
      const output = outputOf(command, streams);
      const genesis = await readGenesis(options.genesis);
      const chainId = chainIdOf(genesis);
      const checkpoint = options.checkpoint ?? (await checkpointOf(options.data, genesis));
      const { keyPair, account: issuer } = await readKeys(options.keys);
      const notAfter = systemClock.now() + options.days * 24 * 3_600_000;
      const { relay: relays, grant, uses } = options;
      const text = inviteToText(
        makeInvite(
          keyPair,
          { chainId, issuer, relays, grant, uses, notAfter, checkpoint },
          systemRandom,
        ),
      );
      if (options.out === undefined) {
        output.emit("invite", { invite: text });
        output.say(text);
      } else {
        await writeNew(options.out, `${text}\n`, 0o600);
        output.emit("invite", { file: resolve(options.out) });
        output.say(`The invite is in ${options.out}. Whoever has it may join.`);
      }
    });
  return withCheckpointOption(command);
}
