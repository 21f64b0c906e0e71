import { resolve } from "node:path";
import {
  createKeystore,
  didKeyOf,
  exportPrivatePem,
  exportPublicPem,
  generateKeyPair,
  importPrivatePem,
  keyPairFromSecret,
  nodeIdOf,
  readPassphraseFile,
  secretOf,
} from "@meshwork/crypto";
import { fromUtf8, type PublicKey, systemRandom } from "@meshwork/foundation";
import { Command } from "commander";
import { readBounded, writeNew } from "../files.ts";
import { readKeys } from "../key-files.ts";
import { createMemberKeys, FIRST_KEY_VERSION } from "../network/member-keys.ts";
import { outputOf } from "../options.ts";
import type { Output, Streams } from "../output.ts";
import { leaveCommand, revokeCommand, rotateCommand } from "./key-on-ledger.ts";

export function keyCommand(streams: Streams): Command {
  return new Command("key")
    .description("make, show and move the keys of a node or an account")
    .addCommand(newCommand(streams))
    .addCommand(showCommand(streams))
    .addCommand(exportCommand(streams))
    .addCommand(importCommand(streams))
    .addCommand(rotateCommand(streams))
    .addCommand(revokeCommand(streams))
    .addCommand(leaveCommand(streams));
}

function newCommand(streams: Streams): Command {
  return new Command("new")
    .description("make a folder with a keystore and the passphrase file that opens it")
    .argument("<dir>", "the folder to make")
    .action(async (folder: string, _options: unknown, command: Command) => {
      const { keyPair } = await createMemberKeys(resolve(folder), systemRandom);
      tell(outputOf(command, streams), folder, keyPair.publicKey);
    });
}

function showCommand(streams: Streams): Command {
  return new Command("show")
    .description("show whose keys a folder holds; no secret is shown")
    .argument("<dir>", "the folder of a node or an account")
    .option("--passphrase-file <file>", "(default: the file passphrase beside the keystore)")
    .action(async (folder: string, options: { passphraseFile?: string }, command: Command) => {
      const { keyPair, account } = await readKeys(folder, options.passphraseFile);
      tell(outputOf(command, streams), folder, keyPair.publicKey, account);
    });
}

interface ExportOptions {
  passphraseFile?: string;
  out: string;
  private?: boolean;
  recovery?: boolean;
}

function exportCommand(streams: Streams): Command {
  return new Command("export")
    .description("write the key as PEM, as openssl reads it: the public one, unless told otherwise")
    .argument("<dir>", "the folder of a node or an account")
    .requiredOption("--out <file>", "a new file")
    .option("--private", "the private key, unencrypted: whoever has the file is you")
    .option("--recovery", "the recovery key instead: it signs when the network is founded anew")
    .option("--passphrase-file <file>", "(default: the file passphrase beside the keystore)")
    .action(async (folder: string, options: ExportOptions, command: Command) => {
      const { keyPair: own, secrets } = await readKeys(folder, options.passphraseFile);
      const keyPair = options.recovery ? keyPairFromSecret(secrets.recoverySecret) : own;
      const output = outputOf(command, streams);
      if (options.private) await writeNew(options.out, exportPrivatePem(keyPair), 0o600);
      else await writeNew(options.out, exportPublicPem(keyPair.publicKey));
      output.emit("pem", { file: resolve(options.out), private: options.private ?? false });
      output.say(`The ${options.private ? "private" : "public"} key is in ${options.out}.`);
    });
}

function importCommand(streams: Streams): Command {
  return new Command("import")
    .description("make a keystore from an unencrypted SM2 private key in PEM")
    .argument("<pem>", "as openssl genpkey -algorithm SM2 writes it")
    .requiredOption("--keystore <file>", "a new file")
    .requiredOption("--passphrase-file <file>", "what will open it")
    .action(
      async (
        pem: string,
        options: { keystore: string; passphraseFile: string },
        command: Command,
      ) => {
        const keyPair = importPrivatePem(fromUtf8(await readBounded(pem, 16_384)));
        const passphrase = await readPassphraseFile(options.passphraseFile);
        await createKeystore(
          options.keystore,
          {
            identitySecret: secretOf(keyPair),
            recoverySecret: secretOf(generateKeyPair()),
            keyVersion: FIRST_KEY_VERSION,
          },
          passphrase,
        );
        tell(outputOf(command, streams), options.keystore, keyPair.publicKey);
      },
    );
}

/** @param nodeId the name of the first key: after a rotation it is not that of the present one. */
function tell(
  output: Output,
  where: string,
  publicKey: PublicKey,
  nodeId = nodeIdOf(publicKey),
): void {
  const identity = { nodeId, didKey: didKeyOf(publicKey), publicKey };
  const folder = resolve(where);
  output.emit("key", { ...identity, folder });
  output.say(`NodeId      ${identity.nodeId}`);
  output.say(`did:key     ${identity.didKey}`);
  output.say(`public key  ${publicKey}`);
  output.say(`in          ${folder}`);
}
