import { createMeshwork, type Meshwork } from "@meshwork/api/client";
import type { KeyPair } from "@meshwork/crypto";
import { type NodeId, type OrderId, orderId as orderIdSchema } from "@meshwork/foundation";
import type { Genesis } from "@meshwork/protocol";
import { type Command, InvalidArgumentError } from "commander";
import { readGenesis } from "./files.ts";
import { readKeys } from "./key-files.ts";

/** What every command needs that speaks with an API. */
export interface ApiOptions {
  api: string;
  keys: string;
  genesis?: string;
}

export function withApiOptions(command: Command): Command {
  return command
    .option("--api <url>", "of a network's API", "http://127.0.0.1:7700")
    .option("--keys <dir>", "the folder of the account that asks", ".meshwork/network/agent")
    .option(
      "--genesis <file>",
      "of the network that is meant; its receipts are checked against it",
    );
}

export interface Connection {
  readonly meshwork: Meshwork;
  readonly genesis: Genesis | null;
  /** Who asks, and with which key. */
  readonly account: NodeId;
  readonly keyPair: KeyPair;
}

export async function connect({ api, keys, genesis }: ApiOptions): Promise<Connection> {
  const { keyPair, account } = await readKeys(keys);
  const read = genesis === undefined ? null : await readGenesis(genesis);
  const meshwork = createMeshwork({
    url: api,
    key: keyPair,
    account,
    ...(read === null ? {} : { genesis: read }),
  });
  return { meshwork, genesis: read, account, keyPair };
}

/** An order's id as an argument. */
export function orderIdArgument(text: string): OrderId {
  const parsed = orderIdSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError("an order's id is 64 hexadecimal digits.");
}
