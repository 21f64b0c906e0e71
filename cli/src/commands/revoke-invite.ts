import { fromUtf8 } from "@meshwork/foundation";
import { inviteFromText, voucherHash } from "@meshwork/protocol";
import { Command } from "commander";
import { type ApiOptions, connect, withApiOptions } from "../connect.ts";
import { readBounded } from "../files.ts";
import { outputOf } from "../options.ts";
import type { Streams } from "../output.ts";
import { signedBy } from "../sign-transaction.ts";

/** An invite string is shorter. */
const INVITE_BYTES = 16_384;

export function revokeInviteCommand(streams: Streams): Command {
  return withApiOptions(new Command("revoke-invite"))
    .description("take back an invite of yours: nobody gets in by it any more")
    .argument("<file>", "that holds the invite string")
    .action(async (file: string, options: ApiOptions, command: Command) => {
      const output = outputOf(command, streams);
      const { voucher } = inviteFromText(fromUtf8(await readBounded(file, INVITE_BYTES)));
      const { meshwork, account, keyPair } = await connect(options);
      const signer = { chainId: await meshwork.chainId(), sender: account, keyPair };
      const body = { kind: "revoke-voucher" as const, voucher: voucher.body };
      const height = await meshwork.transact(signedBy(signer, () => body));
      output.emit("revoked", { voucher: voucherHash(voucher.body), height });
      output.say(`The invite admits nobody any more, as of block ${height}.`);
    });
}
