import { createMeshwork } from "@meshwork/api/client";
import { type KeyPair, keyPairFromSecret } from "@meshwork/crypto";
import { type NodeId, systemRandom } from "@meshwork/foundation";
import { Command } from "commander";
import { readKeys } from "../key-files.ts";
import { nodeIdArgument, outputOf } from "../options.ts";
import type { Streams } from "../output.ts";
import { type KeyLedger, rotateKeys } from "../rotate-keys.ts";
import { signedBy } from "../sign-transaction.ts";

interface Options {
  api: string;
  passphraseFile?: string;
}

const withOptions = (command: Command): Command =>
  command
    .argument("<dir>", "the folder of a node or an account")
    .option("--api <url>", "of a network's API", "http://127.0.0.1:7700")
    .option("--passphrase-file <file>", "(default: the file passphrase beside the keystore)");

function ledgerAt(url: string) {
  return (key: KeyPair, account: NodeId): KeyLedger => {
    const meshwork = createMeshwork({ url, key, account });
    return {
      chainId: () => meshwork.chainId(),
      transact: (transaction) => meshwork.transact(transaction),
      account: async (id) => (await meshwork.trpc()).accounts.get.query({ account: id }),
    };
  };
}

export function rotateCommand(streams: Streams): Command {
  return withOptions(new Command("rotate"))
    .description("replace the key by a new one under the same name; stop the node first")
    .action(async (folder: string, { api, passphraseFile }: Options, command: Command) => {
      const output = outputOf(command, streams);
      const parts = { open: ledgerAt(api), random: systemRandom };
      const rotated = await rotateKeys(parts, { folder, passphraseFile });
      output.emit("rotated", { ...rotated });
      output.say(`NodeId      ${rotated.account}, as before`);
      output.say(`public key  ${rotated.publicKey}`);
      output.say(
        `The old key is in ${rotated.oldKeystore}; back up the new one before you erase it.`,
      );
    });
}

export function revokeCommand(streams: Streams): Command {
  return withOptions(new Command("revoke"))
    .description("end this identity for good, by its recovery key: for a key that was stolen")
    .option("--heir <id>", "the account that takes over its free points", nodeIdArgument)
    .requiredOption("--yes", "it cannot be undone")
    .action(async (folder: string, options: Options & { heir?: NodeId }, command: Command) => {
      const output = outputOf(command, streams);
      const { secrets, keyPair, account } = await readKeys(folder, options.passphraseFile);
      const recovery = keyPairFromSecret(secrets.recoverySecret);
      const ledger = ledgerAt(options.api)(keyPair, account);
      const signer = { chainId: await ledger.chainId(), sender: account, keyPair: recovery };
      const heir = options.heir ?? null;
      const height = await ledger.transact(
        signedBy(signer, () => ({ kind: "revoke-key", recoveryKey: recovery.publicKey, heir })),
      );
      output.emit("revoked", { account, heir, height });
      output.say(`${account} is dead, as of block ${height}; nothing that it signs is taken.`);
    });
}

export function leaveCommand(streams: Streams): Command {
  return withOptions(new Command("leave"))
    .description("be drawn for no more work; a node that runs on comes back by itself")
    .action(async (folder: string, options: Options, command: Command) => {
      const output = outputOf(command, streams);
      const { keyPair, account } = await readKeys(folder, options.passphraseFile);
      const ledger = ledgerAt(options.api)(keyPair, account);
      const signer = { chainId: await ledger.chainId(), sender: account, keyPair };
      const height = await ledger.transact(signedBy(signer, () => ({ kind: "leave" })));
      output.emit("left", { account, height });
      output.say(`${account} has left, as of block ${height}.`);
    });
}
