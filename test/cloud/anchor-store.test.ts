import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { BlockHash } from "@meshwork/foundation";
import type { Anchor } from "@meshwork/storage";
import { openDynamoAnchorStore } from "@meshwork/storage/dynamodb";
import { anchorStoreContract } from "@meshwork/storage/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestTable, tables } from "./clouds.ts";

const anchor = (height: number): Anchor => ({ height, hash: "a".repeat(64) as BlockHash });

describe.each(tables)("the DynamoDB driver, on $name", ({ start }) => {
  let here: TestTable;
  beforeAll(async () => {
    here = await start();
  });
  afterAll(() => here?.stop());

  const open = (chain = here.newChain()) => openDynamoAnchorStore({ ...here, chain });

  anchorStoreContract(async () => {
    const chain = here.newChain();
    return { store: open(chain), reopen: async () => open(chain) };
  });

  test("of many writers on many machines who move the head at once, one wins each time", async () => {
    const chain = here.newChain();
    const writers = Array.from({ length: 4 }, () => open(chain));
    const [first] = writers;
    let head: Anchor | null = null;
    for (const round of [1, 2, 3]) {
      const expected: Anchor | null = head;
      const moved: boolean[] = await Promise.all(
        writers.map(async (writer, i) => {
          const next = anchor(round * 10 + i);
          await writer.append(next);
          return writer.compareAndSetHead(expected, next);
        }),
      );
      expect(moved.filter(Boolean)).toHaveLength(1);
      head = (await first?.head()) ?? null;
      expect(head).toEqual(anchor(round * 10 + moved.indexOf(true)));
    }
    for (const writer of writers) await writer.close();
  });

  test("chains share a table and nothing else", async () => {
    const [one, other] = [open(), open()];
    await one.append(anchor(7));
    await one.compareAndSetHead(null, anchor(7));
    expect(await other.at(7)).toBeNull();
    expect(await other.head()).toBeNull();
    await one.close();
    await other.close();
  });

  test.each([
    ["no hash", { height: { N: "3" } }],
    ["no block's hash", { height: { N: "3" }, hash: { S: "latest" } }],
    ["no height", { hash: { S: "a".repeat(64) } }],
    ["another height", { height: { N: "4" }, hash: { S: "a".repeat(64) } }],
  ])("an item that holds %s is no anchor", async (_what, attributes) => {
    const chain = here.newChain();
    const key = { chain: { S: chain }, entry: { S: "0000000000000003" } };
    const Item = { ...key, ...attributes };
    await here.client.send(new PutItemCommand({ TableName: here.table, Item }));
    const store = open(chain);
    await expect(store.at(3)).rejects.toMatchObject({ code: "ANCHOR_DAMAGED" });
    await store.close();
  });
});
