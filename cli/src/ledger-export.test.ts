import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openChain } from "@meshwork/edge-node";
import { Actors, TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import { genesis as genesisWire } from "@meshwork/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cellOf } from "./ledger-tables.ts";
import { run } from "./main.ts";

/** A task from order to verdict: accounts, blocks, transactions and reasons of all kinds. */
const network = new TestNetwork();
const actors = new Actors(network);
actors.finish(actors.order());
const { genesis, blocks, state } = network;

let folder: string;
const at = (...path: string[]) => join(folder, ...path);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "meshwork-export-"));
  writeFileSync(at("genesis.json"), genesisWire.toJson(genesis));
  const chain = await openChain({ folder: at("node", "chain"), genesis, log: silentLog });
  await chain.commitFinal(blocks);
  await chain.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function meshwork(...args: string[]) {
  let out = "";
  const streams = {
    out: (text: string) => {
      out += text;
    },
    err: () => {},
  };
  const code = await run(["--json", ...args, "--genesis", at("genesis.json")], streams);
  return {
    code,
    answers: out
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  };
}
const exported = (...args: string[]) => meshwork("ledger", "export", "--data", at("node"), ...args);
const linesOf = (name: string) => readFileSync(at(name), "utf8").trimEnd().split("\n");

describe("meshwork ledger export", () => {
  test("gives every record and every block, a JSON object a line", async () => {
    const { answers } = await exported("--out", at("all.jsonl"));
    const transactions = blocks.reduce((sum, { block }) => sum + block.transactions.length, 0);
    const counts = {
      account: [...state.all("account")].length,
      node: [...state.all("node")].length,
      task: 1,
      block: blocks.length,
      transaction: transactions,
    };
    expect(answers).toMatchObject([{ kind: "exported", height: blocks.length, ...counts }]);
    const rows = linesOf("all.jsonl").map((line) => JSON.parse(line));
    expect(rows.filter(({ table }) => table === "block")).toHaveLength(blocks.length);
    const points = [...state.all("account")].reduce((sum, { points }) => sum + points, 0n);
    const told = rows.filter(({ table }) => table === "account");
    expect(told.reduce((sum, account) => sum + BigInt(account.points), 0n)).toBe(points);
    expect(rows.find(({ table }) => table === "why")).toHaveProperty("rule");
  });

  test("gives a table a file as CSV, each row with as many cells as the heading", async () => {
    expect((await exported("--out", at("csv"), "--format", "csv")).code).toBe(0);
    expect(readdirSync(at("csv")).sort()).toEqual(
      ["accounts", "blocks", "nodes", "tasks", "transactions", "whys"].map((name) => `${name}.csv`),
    );
    const [heading = "", ...rows] = linesOf("csv/blocks.csv");
    expect(heading).toMatch(/^height,hash,/);
    expect(rows.map((row) => row.split(",").length)).toEqual(
      rows.map(() => heading.split(",").length),
    );
  });

  test("gives only the blocks that were asked for", async () => {
    await exported("--out", at("some.jsonl"), "--from", "2", "--to", "3");
    const rows = linesOf("some.jsonl").map((line) => JSON.parse(line));
    const heights = rows.filter(({ table }) => table === "block").map(({ height }) => height);
    expect(heights).toEqual([2, 3]);
  });

  test("gives a snapshot's records too", async () => {
    await meshwork("backup", "create", at("store"), "--data", at("node"));
    const args = ["--snapshot", at("store"), "--out", at("snapshot.jsonl")];
    const { answers } = await meshwork("ledger", "export", ...args);
    expect(answers).toMatchObject([{ kind: "exported", height: blocks.length, task: 1 }]);
  });

  test("replaces nothing, and says what it wants to know", async () => {
    const again = await exported("--out", at("all.jsonl"));
    expect(again).toMatchObject({ code: 78, answers: [{ code: "FILE_EXISTS" }] });
    const nobody = await meshwork("ledger", "export", "--out", at("x"));
    expect(nobody).toMatchObject({ code: 2, answers: [{ code: "USAGE" }] });
    const nowhere = await exported("--out", at("no", "where.jsonl"));
    expect(nowhere.answers).toMatchObject([{ code: "FILE_NOT_WRITTEN" }]);
  });
});

test("a cell is as RFC 4180 has it, and JSON where the value is no plain one", () => {
  const nested = { points: 5n, bytes: Uint8Array.of(255) };
  const values = ["plain", null, 12n, 'say "yes", twice\n', nested];
  expect(values.map(cellOf)).toEqual([
    ...["plain", "", "12", '"say ""yes"", twice\n"'],
    '"{""points"":""5"",""bytes"":""ff""}"',
  ]);
});
