import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openChain } from "@meshwork/edge-node";
import { TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import { genesis as genesisWire } from "@meshwork/protocol";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { run } from "./main.ts";

const network = new TestNetwork();
for (let i = 0; i < 3; i++) network.step({ view: 1 });
const { genesis, blocks } = network;

let folder: string;
const at = (...path: string[]) => join(folder, ...path);
const openLedger = () => openChain({ folder: at("node", "chain"), genesis, log: silentLog });

/** Takes the node's ledger on to this height. */
async function reach(height: number): Promise<void> {
  const chain = await openLedger();
  await chain.commitFinal(blocks.slice(0, height));
  await chain.close();
}

/** What a command line about the place answers. */
async function meshwork(...args: string[]) {
  let [out, err] = ["", ""];
  const line = ["--json", ...args, at("store"), "--genesis", at("genesis.json")];
  const code = await run(line, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  const answers = out.split("\n").filter(Boolean);
  return { code, err, answers: answers.map((answer) => JSON.parse(answer)) };
}
/** Made by age-keygen for this test. */
const key = "AGE-SECRET-KEY-1RWMZCND9JRP2EVPE8Y3U4HF370325RUKQ67KK7RAZA8FGG2V5DQS386QSS";
const recipient = "age1h6zy0rst42a5xm9fz0st24kmehkw8tlqryec05px5ts95w7ar5rs6yst6g";
const otherKey = "AGE-SECRET-KEY-1HC6QSZXMGWR34AHJHEF9U4ZAC8L9A4VPEXAD5LRY5CPFG4ZXG5NSKVH87N";
const error = (code: string) => [expect.objectContaining({ kind: "error", code })];

beforeAll(() => {
  // A network as old as this is joined by its genesis alone.
  vi.useFakeTimers({ toFake: ["Date"], now: genesis.time + 86_400_000 });
  folder = mkdtempSync(join(tmpdir(), "meshwork-backup-"));
  writeFileSync(at("genesis.json"), genesisWire.toJson(genesis));
});
afterAll(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

describe("meshwork backup and restore", () => {
  test("say what is missing before there is anything, and make nothing by mistake", async () => {
    const created = await meshwork("backup", "create", "--data", at("nobody"));
    expect(created).toMatchObject({ code: 1, answers: error("BACKUP_NO_CHAIN") });
    expect((await meshwork("backup", "list")).answers).toEqual([]);
    rmSync(at("store"), { recursive: true });
    for (const args of [
      ["backup", "list"],
      ["backup", "verify"],
      ["restore", "--data", at("x")],
    ])
      expect(await meshwork(...args)).toMatchObject({
        code: 1,
        answers: error("SNAPSHOT_NOT_FOUND"),
      });
    expect(readdirSync(folder)).toEqual(["genesis.json"]);
  });

  test("take a ledger away, and bring it back with the same state", async () => {
    for (const height of [1, 2, 3]) {
      await reach(height);
      const created = await meshwork("backup", "create", "--data", at("node"));
      expect(created).toMatchObject({ code: 0, answers: [{ kind: "snapshot", height }] });
    }
    const heights = (await meshwork("backup", "list")).answers.map(({ height, head }) => [
      height,
      head,
    ]);
    expect(heights).toEqual([
      [3, true],
      [2, false],
      [1, false],
    ]);
    const verified = await meshwork("backup", "verify", "--read-data", "--height", "2");
    expect(verified.answers).toMatchObject([{ kind: "verified", height: 2, readData: true }]);

    const planned = await meshwork("restore", "--data", at("back"), "--dry-run");
    expect(planned.answers).toMatchObject([{ kind: "restored", height: 3, dryRun: true }]);
    expect(readdirSync(folder)).not.toContain("back");
    const restored = await meshwork("restore", "--data", at("back"));
    const stateRoot = network.state.root();
    expect(restored.answers).toMatchObject([{ kind: "restored", height: 3, stateRoot }]);
    const chain = await openChain({ folder: at("back", "chain"), genesis, log: silentLog });
    expect(chain.head.state.root()).toBe(stateRoot);
    await chain.close();
  });

  test("do not touch a ledger that is there, or that a running node owns", async () => {
    const again = await meshwork("restore", "--data", at("back"));
    expect(again).toMatchObject({ code: 1, answers: error("RESTORE_NOT_EMPTY") });
    const running = await openLedger();
    const created = await meshwork("backup", "create", "--data", at("node"));
    expect(created).toMatchObject({ code: 1, answers: error("STORE_LOCKED") });
    await running.close();
  });

  test("refuse what is older than the operator knows to be final", async () => {
    const old = await meshwork("restore", "--data", at("y"), "--height", "1", "--at-least", "2");
    expect(old).toMatchObject({ code: 1, answers: error("SNAPSHOT_TOO_OLD") });
  });

  test("seal a snapshot for who has the key, and for nobody else", async () => {
    writeFileSync(at("key.txt"), `# created: today\n${key}\n`);
    writeFileSync(at("other.txt"), `${otherKey}\n`);
    const to = ["--recipient", recipient];
    const create = (...args: string[]) =>
      meshwork("backup", "create", "--data", at("node"), ...args);
    const place = at("store");
    renameSync(place, at("plain"));
    expect(await create(...to)).toMatchObject({ code: 0 });
    expect((await meshwork("backup", "verify")).code).toBe(0);
    const restore = (...args: string[]) =>
      meshwork("restore", "--dry-run", "--data", at("opened"), ...args);
    const refused = { code: 1, answers: error("SNAPSHOT_SEALED") };
    expect(await restore()).toMatchObject(refused);
    expect(await restore("--identity", at("other.txt"))).toMatchObject(refused);
    const opened = await restore("--identity", at("key.txt"));
    expect(opened.answers).toMatchObject([{ stateRoot: network.state.root() }]);
    const nobody = await create("--recipient", "age1nobody");
    expect(nobody.answers).toMatchObject(error("SNAPSHOT_KEY_INVALID"));
    rmSync(place, { recursive: true });
    renameSync(at("plain"), place);
  });

  test("bring back a ledger as it was at a time, or say that there is none so old", async () => {
    const time = (blocks[1]?.block.header.time ?? 0) + 1;
    const args = ["restore", "--data", at("z"), "--dry-run", "--at"];
    expect((await meshwork(...args, new Date(time).toISOString())).answers).toMatchObject([
      { height: 2 },
    ]);
    const older = await meshwork(...args, "2001-01-01");
    expect(older).toMatchObject({ code: 1, answers: error("SNAPSHOT_NOT_FOUND") });
    expect((await meshwork(...args, "yesterday")).code).toBe(2);
  });

  test("prune nothing without a rule", async () => {
    expect(await meshwork("backup", "prune")).toMatchObject({ code: 2, answers: error("USAGE") });
    const monthly = await meshwork("backup", "prune", "--keep-monthly", "3", "--dry-run");
    expect(monthly.answers).toMatchObject([{ height: 2 }, { height: 1 }, { kind: "freed" }]);
  });

  test("prune what is old: first in words", async () => {
    const planned = await meshwork("backup", "prune", "--keep-last", "1", "--dry-run");
    expect(planned.answers).toMatchObject([
      { height: 2 },
      { height: 1 },
      { kind: "freed", chunks: 2 },
    ]);
    expect((await meshwork("backup", "list")).answers).toHaveLength(3);
    await meshwork("backup", "prune", "--keep-last", "1");
    expect((await meshwork("backup", "list")).answers).toMatchObject([{ height: 3, head: true }]);
    expect((await meshwork("backup", "verify", "--read-data")).code).toBe(0);
  });

  test("see a damaged chunk", async () => {
    const files = readdirSync(at("store", "chunks"), { recursive: true, encoding: "utf8" });
    const chunk = files.find((path) => path.includes("bafkrei")) ?? "";
    writeFileSync(at("store", "chunks", chunk), "something else");
    expect((await meshwork("backup", "verify")).code).toBe(0);
    const read = await meshwork("backup", "verify", "--read-data");
    expect(read).toMatchObject({ code: 1, answers: error("SNAPSHOT_CHUNK_DAMAGED") });
  });
});

test("a network older than the trust period is believed by who names a checkpoint alone", async () => {
  vi.setSystemTime(genesis.time + 30 * 86_400_000);
  const verify = (...more: string[]) => meshwork("backup", "verify", ...more);
  expect((await meshwork("restore", "--data", at("old"))).answers).toEqual(
    error("SNAPSHOT_UNANCHORED"),
  );
  expect((await verify()).answers).toEqual(error("SNAPSHOT_UNANCHORED"));
  const [listed] = (await meshwork("backup", "list")).answers;
  const checkpoint = `${listed.height}:${listed.hash}`;
  const [verified] = (await verify("--checkpoint", checkpoint)).answers;
  expect(verified).toMatchObject({ kind: "verified", height: listed.height });
  expect((await verify("--checkpoint", "7:ab")).code).toBe(2);
});
