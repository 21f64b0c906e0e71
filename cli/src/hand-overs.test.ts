import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openChain } from "@meshwork/edge-node";
import { Actors, standingNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import { genesis as genesisWire, headerHash, receipt } from "@meshwork/protocol";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { run } from "./main.ts";

/** More epochs than a receipt has room for, where 31 seats sit. */
const EPOCHS = 100;
/** What it brings along itself. */
const BROUGHT = 10;

const network = standingNetwork({ members: 6 });
while (network.header.epoch < EPOCHS) network.passEpoch();
const actors = new Actors(network);
const orderId = actors.order();
actors.finish(orderId);
network.step({ view: 1 });
const made = network.receiptOf(orderId);
const brought = receipt.encode({ ...made, handOver: made.handOver.slice(-BROUGHT) });

const folder = mkdtempSync(join(tmpdir(), "meshwork-hand-overs-"));
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: network.header.time });
  writeFileSync(at("genesis.json"), genesisWire.toJson(network.genesis));
  writeFileSync(at("task.receipt"), brought);
  const { genesis } = network;
  const chain = await openChain({ folder: join(folder, "node", "chain"), genesis, log: silentLog });
  await chain.commitFinal(network.blocks);
  await chain.close();
}, 60_000);
afterAll(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

async function meshwork(...args: string[]): Promise<Record<string, unknown>> {
  const out: string[] = [];
  const streams = { out: (text: string) => void out.push(text), err: () => {} };
  await run(["--json", ...args, "--genesis", at("genesis.json")], streams);
  return JSON.parse(out.join(""));
}
const verify = (...more: string[]) => meshwork("receipt", "verify", at("task.receipt"), ...more);

test("a receipt of long after the genesis verifies with the hand-overs of any node, in a file of their own", async () => {
  expect(await verify()).toMatchObject({
    code: "RECEIPT_INVALID",
    message: expect.stringContaining("meshwork receipt hand-overs"),
  });
  const file = at("hand-overs");
  const exported = await meshwork(
    ...["receipt", "hand-overs", "--data", at("node"), "--out", file],
  );
  const last = network.handOvers.at(-1);
  if (!last) throw new Error("no epoch has ended");
  const checkpoint = `${last.header.height}:${headerHash(last.header)}`;
  expect(exported).toMatchObject({ kind: "hand-overs", checkpoint });
  expect(exported.epochs).toBeGreaterThan(92);
  const facts = { kind: "receipt", orderId, outcome: made.task.conclusion?.outcome };
  expect(await verify("--hand-overs", file)).toMatchObject({ ...facts, trust: "valid" });

  vi.setSystemTime(network.genesis.time + 22 * 86_400_000);
  expect(await verify("--hand-overs", file)).toMatchObject({ ...facts, trust: "valid_historic" });
  expect(await verify("--hand-overs", at("task.receipt"))).toMatchObject({
    code: "HAND_OVERS_INVALID",
  });
});
