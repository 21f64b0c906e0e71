import { resolve } from "node:path";
import { importPrivatePem, type KeyPair, keyPairFromSecret } from "@meshwork/crypto";
import { fromUtf8, systemClock, systemRandom } from "@meshwork/foundation";
import {
  chainIdOf,
  genesis as genesisWire,
  type SuccessorGenesis,
  successorChainId,
  successorGenesis,
} from "@meshwork/protocol";
import { Command } from "commander";
import { CliError } from "../cli-error.ts";
import { readBounded, readGenesis, writeNew } from "../files.ts";
import { readKeys } from "../key-files.ts";
import { openView, type ViewOptions, withSnapshotOptions } from "../ledger-view.ts";
import { collect, outputOf } from "../options.ts";
import type { Output, Streams } from "../output.ts";
import { createSeat, readSeat, readSuccessor, seatFile } from "../recovery/new-seat.ts";
import {
  merged,
  prepareSuccessor,
  signaturesNeeded,
  withSignature,
} from "../recovery/succession.ts";

export const recoverCommand = (streams: Streams): Command =>
  new Command("recover")
    .description("when more than a third of the seats is gone for good: found the network anew")
    .addCommand(seatCommand(streams))
    .addCommand(prepareCommand(streams))
    .addCommand(signCommand(streams))
    .addCommand(finishCommand(streams));

const GENESIS = "of the network that was lost";

function seatCommand(streams: Streams): Command {
  return new Command("seat")
    .description("1. at each member that will vote: make a new vote key, and say which")
    .argument("<dir>", "the folder of the member's keys; its node must be stopped")
    .option("--data <dir>", "the node's data folder (default: the same)")
    .option("--passphrase-file <file>", "(default: the file passphrase beside the keystore)")
    .requiredOption("--out <file>", "a new file, for who prepares; nothing in it is secret")
    .action(async (folder: string, options: SeatOptions, command: Command) => {
      const output = outputOf(command, streams);
      const { account: node } = await readKeys(folder, options.passphraseFile);
      const data = resolve(options.data ?? folder);
      const { seat, kept } = await createSeat({ clock: systemClock }, { node, data });
      await writeNew(options.out, `${seatFile.toJson(seat)}\n`);
      output.emit("seat", { ...seat, file: resolve(options.out), kept });
      output.say(`The seat of ${node} is in ${options.out}: send it to who prepares.`);
      if (kept !== null) output.say(`What voted in the lost network is in ${kept}.`);
    });
}
interface SeatOptions {
  data?: string;
  passphraseFile?: string;
  out: string;
}

interface PrepareOptions extends ViewOptions {
  seat: string[];
  out: string;
}

function prepareCommand(streams: Streams): Command {
  return withSnapshotOptions(new Command("prepare"), "go on from the newest snapshot there")
    .description("2. once: write where the network goes on, for the founders to sign")
    .requiredOption("--genesis <file>", GENESIS)
    .option("--data <dir>", "go on from the ledger of the node in this folder: the highest left")
    .requiredOption("--seat <file>", "who votes from now on; four of them at least", collect)
    .requiredOption("--out <file>", "a new file")
    .action(async (options: PrepareOptions, command: Command) => {
      const output = outputOf(command, streams);
      const seats = await Promise.all(options.seat.map(readSeat));
      const view = await openView(options, output);
      try {
        const parts = { clock: systemClock, random: systemRandom };
        const successor = prepareSuccessor(parts, view, seats);
        await writeSuccessor(options.out, successor);
        tell(output, successor, options.out);
      } finally {
        await view.close();
      }
      const needed = signaturesNeeded(await readGenesis(options.genesis));
      output.say(`${needed} founders must sign it: meshwork ledger recover sign.`);
    });
}

interface SignOptions {
  genesis: string;
  keys?: string;
  passphraseFile?: string;
  recoveryKey?: string;
  out: string;
}

function signCommand(streams: Streams): Command {
  return new Command("sign")
    .description("3. at each founder: sign it with the recovery key that the genesis names")
    .argument("<file>", "what prepare wrote, or another founder has signed")
    .requiredOption("--genesis <file>", GENESIS)
    .option("--keys <dir>", "the folder whose keystore holds the recovery key")
    .option("--passphrase-file <file>", "(default: the file passphrase beside the keystore)")
    .option("--recovery-key <pem>", "the recovery key, as meshwork key export --recovery wrote it")
    .requiredOption("--out <file>", "a new file, with one signature more")
    .action(async (file: string, options: SignOptions, command: Command) => {
      const output = outputOf(command, streams);
      const founders = await readGenesis(options.genesis);
      const before = await readSuccessor(file);
      const recoveryKey = await recoveryKeyOf(options);
      const successor = withSignature(before, { founders, recoveryKey });
      await writeSuccessor(options.out, successor);
      tell(output, successor, options.out);
    });
}

async function recoveryKeyOf({ keys, passphraseFile, recoveryKey }: SignOptions): Promise<KeyPair> {
  if ((keys === undefined) === (recoveryKey === undefined))
    throw new CliError("USAGE", "say where the recovery key is: --keys or --recovery-key");
  if (recoveryKey !== undefined)
    return importPrivatePem(fromUtf8(await readBounded(recoveryKey, 16_384)));
  const { secrets } = await readKeys(keys ?? "", passphraseFile);
  return keyPairFromSecret(secrets.recoverySecret);
}

interface FinishOptions extends ViewOptions {
  data: string;
  out?: string;
}

function finishCommand(streams: Streams): Command {
  return withSnapshotOptions(
    new Command("finish"),
    "take the state from the newest snapshot there, not from the node's own ledger",
  )
    .description("4. at each member: begin the new network's ledger, if enough founders signed")
    .argument("<files...>", "what the founders have signed; several are put together")
    .requiredOption("--genesis <file>", GENESIS)
    .requiredOption("--data <dir>", "the node's data folder; the old ledger there is kept aside")
    .option("--out <file>", "write the new network's genesis to this new file")
    .action(async (files: string[], options: FinishOptions, command: Command) => {
      const output = outputOf(command, streams);
      const founders = await readGenesis(options.genesis);
      const successor = merged(await Promise.all(files.map(readSuccessor)));
      const { data, snapshot } = options;
      const { beginAnew, goesOn } = await import("@meshwork/edge-node/snapshot");
      const view = await openView(snapshot === undefined ? options : withoutData(options), output);
      const { state } = view;
      await view.close();
      const folder = resolve(data);
      const kept = await beginAnew(folder, { founders, successor, state });
      const genesis = goesOn({ founders, successor });
      if (options.out !== undefined)
        await writeNew(options.out, `${genesisWire.toJson(genesis)}\n`);
      const chainId = chainIdOf(genesis);
      output.emit("recovered", { chainId, height: view.height, folder, kept });
      output.say(`The ledger of ${chainId} is in ${folder}, at height ${view.height}.`);
      if (kept !== null) output.say(`That of the lost network is in ${kept}.`);
      if (options.out !== undefined)
        output.say(`Start every program on ${options.out}: it is the network's genesis now.`);
    });
}

const withoutData = ({ data: _, ...options }: FinishOptions): ViewOptions => options;

const writeSuccessor = (path: string, value: SuccessorGenesis) =>
  writeNew(path, `${successorGenesis.toJson(value)}\n`);

function tell(output: Output, { body, signatures }: SuccessorGenesis, file: string): void {
  const { parentChainId, height, stateRoot, committee } = body;
  const chainId = successorChainId(body);
  const nodes = committee.seats.map(({ node }) => node);
  const signed = signatures.length;
  const facts = { chainId, parentChainId, height, stateRoot, seats: nodes, signed };
  output.emit("successor", { ...facts, file: resolve(file) });
  output.say(`founds       ${chainId}`);
  output.say(`goes on from height ${height} of ${parentChainId}`);
  output.say(`with state   ${stateRoot}`);
  for (const node of nodes) output.say(`a seat for   ${node}`);
  output.say(`signed by    ${signed}, in ${file}`);
}
