import type { BlockHash } from "@meshwork/foundation";
import type { Anchor, AnchorStore } from "@meshwork/storage";
import { type DynamoAnchorStoreOptions, openDynamoAnchorStore } from "@meshwork/storage/dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FaultyLine, startFaultyLine } from "../support/aws-emulators/faulty-line.ts";
import { dynamoAnswer } from "../support/aws-emulators/refusals.ts";
import { connectionTo, type TestTable, tables } from "./clouds.ts";

const attempts = 3;
const anchor = (height: number): Anchor => ({ height, hash: "a".repeat(64) as BlockHash });

let here: TestTable;
let line: FaultyLine;
beforeAll(async () => {
  const dynalite = tables.find(({ name }) => name === "dynalite");
  here = (await dynalite?.start()) as TestTable;
  line = await startFaultyLine(here.connection?.endpoint ?? "");
});
afterAll(async () => {
  await line?.stop();
  await here?.stop();
});

/** A store at the other end of the faulty line, which is whole until the test says otherwise. */
function open(options: Partial<DynamoAnchorStoreOptions> = {}): AnchorStore {
  line.next();
  const connection = connectionTo(line.endpoint);
  return openDynamoAnchorStore({
    ...here,
    connection,
    chain: here.newChain(),
    attempts,
    ...options,
  });
}

async function codesOf(store: AnchorStore): Promise<Record<string, string>> {
  const codes: Record<string, string> = {};
  for (const [name, operation] of [
    ["append", () => store.append(anchor(1))],
    ["at", () => store.at(1)],
    ["head", () => store.head()],
    ["compareAndSetHead", () => store.compareAndSetHead(null, anchor(1))],
  ] as const)
    codes[name] = await operation().then(
      () => "done",
      ({ code, message }) => code ?? message,
    );
  return codes;
}

const all = (code: string) => ({ append: code, at: code, head: code, compareAndSetHead: code });

describe("every operation says what is wrong", () => {
  test("a table that is not there", async () => {
    expect(await codesOf(open({ table: "no-such-table" }))).toEqual(all("STORE_MISSING"));
  });

  const expired = "Signature expired: 20261101T000000Z is now earlier than 20261102T000000Z";
  test.each([
    ["no right to it", dynamoAnswer(400, "AccessDeniedException"), "STORE_FORBIDDEN"],
    ["an unknown key", dynamoAnswer(400, "UnrecognizedClientException"), "STORE_FORBIDDEN"],
    ["a wrong clock", dynamoAnswer(400, "InvalidSignatureException", expired), "CLOCK_SKEWED"],
    ["throttling", dynamoAnswer(400, "ThrottlingException"), "STORE_BUSY"],
    ["load", dynamoAnswer(400, "ProvisionedThroughputExceededException"), "STORE_BUSY"],
    ["a service that fails", dynamoAnswer(500, "InternalServerError"), "STORE_UNREACHABLE"],
    ["something new", dynamoAnswer(400, "ValidationException"), "STORE_REFUSED"],
  ])("%s", async (_what, answer, code) => {
    const store = open({ attempts: 1 });
    line.always(answer);
    expect(await codesOf(store)).toEqual(all(code));
  });

  test("nobody there", async () => {
    const gone = await startFaultyLine("http://127.0.0.1:9");
    await gone.stop();
    const store = open({ connection: connectionTo(gone.endpoint) });
    expect(await codesOf(store)).toEqual(all("STORE_UNREACHABLE"));
  });

  test("a silent service, after as many attempts as were allowed", async () => {
    const store = open({ silenceMs: 200 });
    const before = line.requests.length;
    line.always({ kind: "stall", afterBytes: 0 });
    await expect(store.head()).rejects.toMatchObject({ code: "STORE_UNREACHABLE" });
    expect(line.requests.length - before).toBe(attempts);
  });
});

describe("what passes is got over", () => {
  test.each([
    ["throttling", dynamoAnswer(400, "ThrottlingException")],
    ["a failure inside the service", dynamoAnswer(500, "InternalServerError")],
    ["an answer that breaks off", { kind: "cut", afterBytes: 1 } as const],
  ])("%s", async (_what, fault) => {
    const store = open();
    line.next(fault);
    await store.append(anchor(1));
    line.next(fault);
    expect(await store.at(1)).toEqual(anchor(1));
  });

  test("an answer that is lost: who moved the head is told so, and who did not is not", async () => {
    const chain = here.newChain();
    const [one, other] = [open({ chain }), open({ chain })];
    line.next({ kind: "lost answer" });
    await one.append(anchor(1));
    await one.append(anchor(2));
    // The first request reads the anchor, the second moves the head.
    line.next(null, { kind: "lost answer" });
    expect(await one.compareAndSetHead(null, anchor(1))).toBe(true);
    expect(await other.compareAndSetHead(null, anchor(1))).toBe(false);
    line.next(null, { kind: "lost answer" });
    expect(await one.compareAndSetHead(anchor(1), anchor(2))).toBe(true);
    expect(await one.head()).toEqual(anchor(2));
  });
});
