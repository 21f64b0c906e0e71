import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { blockHash, type ChainId, type Random, systemRandom, toHex } from "@meshwork/foundation";
import { type Anchor, type AnchorStore, anchorConflict } from "../anchor-store.ts";
import { StorageError } from "../storage-error.ts";
import { type AwsOptions, clientSettings, type Deadline, operations } from "./aws-client.ts";
import { when } from "./aws-error.ts";

export type { AwsConnection } from "./aws-client.ts";

export interface DynamoAnchorStoreOptions extends AwsOptions {
  /** Partition key `chain`, sort key `entry`, both text. */
  table: string;
  /** One table may hold the anchors of many chains. */
  chain: ChainId;
  /** For the marks of writes. @default the operating system's */
  random?: Random;
}

/** The service's way to say "no" to a conditional write. */
const REFUSED = ["ConditionalCheckFailedException"];
const HEAD = "head";
/** Fixed width, so that DynamoDB keeps heights in order. */
const entryOf = (height: number) => String(height).padStart(16, "0");

/**
 * Anchors in a DynamoDB table: an item for each height, written once, and an item for the head. Every
 * write is a conditional one to a single item, so no two writers need to know of each other. Nothing is
 * asked of the network before the first call.
 */
export function openDynamoAnchorStore(options: DynamoAnchorStoreOptions): AnchorStore {
  const { table, chain, random = systemRandom } = options;
  const client = new DynamoDBClient(clientSettings(options));
  const operation = operations({ kind: "table", name: table }, options);
  const keyOf = (entry: string) => ({ chain: { S: chain }, entry: { S: entry } });

  async function read(entry: string, { signal }: Deadline): Promise<Stored | null> {
    const command = new GetItemCommand({
      TableName: table,
      Key: keyOf(entry),
      ConsistentRead: true,
    });
    const { Item } = await client.send(command, { abortSignal: signal });
    return Item === undefined ? null : storedOf(Item, { table, chain, entry });
  }

  /** False when the condition does not hold. */
  async function write({ entry, anchor, condition }: Write, deadline: Deadline): Promise<boolean> {
    const mark = toHex(random.bytes(16));
    const { height, hash } = anchor;
    const command = new PutItemCommand({
      TableName: table,
      Item: { ...keyOf(entry), height: { N: `${height}` }, hash: { S: hash }, mark: { S: mark } },
      ...condition,
    });
    const written = await client
      .send(command, { abortSignal: deadline.signal })
      .then(() => true, when(REFUSED, false));
    // The SDK repeats a write whose answer was lost, and then our own first one stands in its way.
    return written || (await read(entry, deadline))?.mark === mark;
  }

  return {
    append: (anchor) =>
      operation(async (deadline) => {
        const entry = entryOf(anchor.height);
        if (await write({ entry, anchor, condition: absentOrSame(anchor) }, deadline)) return;
        const known = await read(entry, deadline);
        if (known !== null) throw anchorConflict(known.anchor, anchor);
      }),

    at: (height) =>
      operation(async (deadline) => (await read(entryOf(height), deadline))?.anchor ?? null),

    head: () => operation(async (deadline) => (await read(HEAD, deadline))?.anchor ?? null),

    compareAndSetHead: (expected, next) =>
      operation(async (deadline) => {
        const appended = await read(entryOf(next.height), deadline);
        if (appended?.anchor.hash !== next.hash) return false;
        return write(
          { entry: HEAD, anchor: next, condition: stillBehind(expected, next) },
          deadline,
        );
      }),

    close: async () => client.destroy(),
  };
}

interface Stored {
  readonly anchor: Anchor;
  /** Of the write that made it. */
  readonly mark: string | undefined;
}

interface Write {
  readonly entry: string;
  readonly anchor: Anchor;
  readonly condition: Condition;
}

type Condition = Pick<
  PutItemCommandInput,
  "ConditionExpression" | "ExpressionAttributeNames" | "ExpressionAttributeValues"
>;

const absentOrSame = ({ hash }: Anchor): Condition => ({
  ConditionExpression: "attribute_not_exists(#hash) OR #hash = :hash",
  ExpressionAttributeNames: { "#hash": "hash" },
  ExpressionAttributeValues: { ":hash": { S: hash } },
});

const stillBehind = (expected: Anchor | null, next: Anchor): Condition =>
  expected === null
    ? {
        ConditionExpression: "attribute_not_exists(#hash)",
        ExpressionAttributeNames: { "#hash": "hash" },
      }
    : {
        ConditionExpression: "#height = :height AND #hash = :hash AND #height < :next",
        ExpressionAttributeNames: { "#height": "height", "#hash": "hash" },
        ExpressionAttributeValues: {
          ":height": { N: `${expected.height}` },
          ":hash": { S: expected.hash },
          ":next": { N: `${next.height}` },
        },
      };

function storedOf(
  { height, hash, mark }: Record<string, AttributeValue>,
  where: { table: string; chain: string; entry: string },
): Stored {
  const parsed = blockHash.safeParse(hash?.S);
  const number = Number(height?.N);
  const rightEntry = where.entry === HEAD || where.entry === entryOf(number);
  if (!parsed.success || !Number.isSafeInteger(number) || number < 0 || !rightEntry)
    throw new StorageError(
      "ANCHOR_DAMAGED",
      `table ${where.table} holds no anchor at ${where.chain}, ${where.entry}: somebody else wrote there; delete the item and anchor again`,
      { detail: where },
    );
  return { anchor: { height: number, hash: parsed.data }, mark: mark?.S };
}
