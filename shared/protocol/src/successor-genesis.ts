import { digestOf, type KeyPair, sign, verify } from "@meshwork/crypto";
import {
  type ChainId,
  chainId,
  digest,
  fromHex,
  milliseconds,
  publicKey,
  signature,
} from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";
import { quorumOf } from "./certificate.ts";
import { committeeSchema } from "./committee.ts";
import type { Genesis } from "./genesis.ts";
import { recoveryHashOf } from "./transaction.ts";

const body = z.strictObject({
  version: z.literal(1),
  /** Random: who founds anew twice founds two networks. */
  nonce: digest,
  parentChainId: chainId,
  /** The last block whose state goes on. */
  height: z
    .int()
    .min(1)
    .max(2 ** 48),
  /** Of that state, as the old network's header has it. */
  stateRoot: digest,
  time: milliseconds,
  /** Who votes from the next height on, in the epoch that follows. */
  committee: committeeSchema,
});
const bodyWire = wire(body, { name: "successor genesis body", maxBytes: 65_536 });

/**
 * More than a third of the seats is gone for good, so nothing can become final any more. The members of
 * the old genesis found the network anew upon the last state that they have: more than two thirds of the
 * recovery keys that it names sign.
 */
export const successorGenesis = wire(
  z.strictObject({
    body,
    signatures: z.array(z.strictObject({ recoveryKey: publicKey, signature })).max(1_000),
  }),
  { name: "successor genesis", maxBytes: 262_144 },
);
export type SuccessorGenesis = z.infer<typeof successorGenesis.schema>;
export type SuccessorBody = SuccessorGenesis["body"];

/** The name of the network that it founds; what the recovery keys sign. */
export const successorChainId = (value: SuccessorBody): ChainId =>
  digestOf("meshwork/successor/1", bodyWire.encode(value)) as string as ChainId;

export const signSuccessor = (
  recoveryKey: KeyPair,
  value: SuccessorBody,
): SuccessorGenesis["signatures"][number] => ({
  recoveryKey: recoveryKey.publicKey,
  signature: sign(recoveryKey, fromHex(successorChainId(value))),
});

/** Whether enough of the founders want it. Whoever asks has the old genesis from elsewhere. */
export function isWantedByFounders(founders: Genesis, value: SuccessorGenesis): boolean {
  const named = new Set(founders.members.map(({ recoveryHash }) => recoveryHash));
  const message = fromHex(successorChainId(value.body));
  const willing = value.signatures
    .filter((by) => named.has(recoveryHashOf(by.recoveryKey)))
    .filter((by) => verify(by.recoveryKey, message, by.signature));
  return new Set(willing.map((by) => by.recoveryKey)).size >= quorumOf(named.size);
}
