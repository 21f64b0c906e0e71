import { fromUtf8, type NodeId } from "@meshwork/foundation";
import type { TransactionBody } from "@meshwork/protocol";
import { Command } from "commander";
import { CliError } from "../cli-error.ts";
import { type ApiOptions, connect, withApiOptions } from "../connect.ts";
import { readBounded } from "../files.ts";
import { collect, integer, nodeIdArgument, outputOf } from "../options.ts";
import type { Output, Streams } from "../output.ts";
import { differences, proposalFrom } from "../proposal.ts";
import { signedBy } from "../sign-transaction.ts";

export function delegateCommand(streams: Streams): Command {
  return withApiOptions(new Command("delegate"))
    .description(
      "let what your node has contributed speak for another one's seat, or for none but its own",
    )
    .argument("[candidate]", "the NodeId of a node that can be elected", nodeIdArgument)
    .option("--none", "it speaks for itself again")
    .action(
      async (
        candidate: NodeId | undefined,
        options: ApiOptions & { none?: boolean },
        command: Command,
      ) => {
        if ((candidate === undefined) !== Boolean(options.none))
          throw new CliError("USAGE", "name a candidate, or say --none");
        const output = outputOf(command, streams);
        const said = await say(options, () => ({
          kind: "delegate",
          candidate: candidate ?? null,
        }));
        output.emit("delegated", { ...said, candidate: candidate ?? null });
        const whom = candidate ?? "itself alone";
        output.say(`${said.account} speaks for ${whom} from the next epoch on.`);
      },
    );
}

interface ProposeOptions extends ApiOptions {
  policy?: string;
  set?: string[];
  protocolVersion?: number;
}

export function proposeCommand(streams: Streams): Command {
  return withApiOptions(new Command("propose"))
    .description("say, as a seat, which rules the network shall run by from the next epoch on")
    .option("--policy <file>", "a whole policy as JSON, as network support --json shows it")
    .option("--set <name=value>", "one rule; may be repeated", collect)
    .option("--protocol-version <n>", "of the rules themselves: the next one", integer(1, 65_535))
    .action(async (options: ProposeOptions, command: Command) => {
      const output = outputOf(command, streams);
      const { set, protocolVersion } = options;
      const { now } = await governance(options);
      const policy = options.policy && fromUtf8(await readBounded(options.policy, 65_536));
      const proposal = proposalFrom(now, { policy, set, protocolVersion });
      const changes = changesOf(now, proposal);
      const said = await say(options, () => ({ kind: "govern", proposal }));
      output.emit("proposed", { ...said, changes });
      for (const change of changes) output.say(`  ${change}`);
      output.say(`${said.account} wants this, as of block ${said.height}.`);
      tell(output, await governance(options));
    });
}

export function supportCommand(streams: Streams): Command {
  return withApiOptions(new Command("support"))
    .description("the rules in force, which seat wants which others, and what will hold when")
    .action(async (options: ApiOptions, command: Command) => {
      const output = outputOf(command, streams);
      const found = await governance(options);
      output.emit("governance", { ...found });
      for (const [name, value] of Object.entries(found.now.policy))
        output.say(`${name.padEnd(20)} ${value}`);
      output.say(`${"protocolVersion".padEnd(20)} ${found.now.protocolVersion}`);
      tell(output, found);
    });
}

/** Signed by the key of the folder, and on the ledger. */
async function say(
  options: ApiOptions,
  bodyFor: () => TransactionBody,
): Promise<{ account: NodeId; height: number }> {
  const { meshwork, account, keyPair } = await connect(options);
  const signer = { chainId: await meshwork.chainId(), sender: account, keyPair };
  return { account, height: await meshwork.transact(signedBy(signer, bodyFor)) };
}

const governance = async (options: ApiOptions) =>
  (await (await connect(options)).meshwork.trpc()).network.governance.query();
type Governance = Awaited<ReturnType<typeof governance>>;

interface Rules {
  policy: object;
  protocolVersion: number;
}

const changesOf = (now: Rules, wanted: Rules): string[] =>
  differences(
    { ...now.policy, protocolVersion: now.protocolVersion },
    { ...wanted.policy, protocolVersion: wanted.protocolVersion },
  );

function tell(output: Output, { epoch, now, adopted, seats, needed }: Governance): void {
  const camps = Map.groupBy(
    seats.filter(({ wants }) => wants !== null),
    ({ wants }) => JSON.stringify(wants),
  );
  for (const [wants, camp] of camps) {
    const changes = changesOf(now, JSON.parse(wants)).join(", ") || "what is in force";
    output.say(`${camp.length} of ${seats.length} seats want (${needed} must): ${changes}`);
    for (const { node } of camp) output.say(`  ${node}`);
  }
  if (adopted !== null)
    output.say(
      `Adopted, for epoch ${epoch + 1}: ${changesOf(now, adopted).join(", ") || "as it is"}`,
    );
  else output.say(`Nothing is adopted in epoch ${epoch}: all stays as it is.`);
}
