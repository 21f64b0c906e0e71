import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createMeshwork, defineTask, type Meshwork, type TaskState } from "@meshwork/api/client";
import { networkFiles, readKeys } from "@meshwork/cli/start";
import { nodeIdOf } from "@meshwork/crypto";
import { openChain } from "@meshwork/edge-node";
import { type NodeId, sleep, systemClock } from "@meshwork/foundation";
import { reputationOf } from "@meshwork/ledger";
import { silentLog } from "@meshwork/observability";
import { receipt } from "@meshwork/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { joinAsLiar } from "../support/lying-worker.ts";
import { startNetwork, type TestNetwork, temporaryFolder } from "../support/running-network.ts";

const data = temporaryFolder();
let running: TestNetwork;
let meshwork: Meshwork;

beforeAll(async () => {
  running = await startNetwork(join(data.path, "network"));
  const { apiUrl: url, folder, genesis } = running.network;
  const { keyPair } = await readKeys(join(folder, networkFiles.agent));
  meshwork = createMeshwork({ url, key: keyPair, genesis });
}, 120_000);
afterAll(async () => {
  await running.stop();
  data.remove();
}, 60_000);

/** Long enough that a worker can be killed in the middle of it: some seconds in QuickJS. */
const longTask = defineTask({
  runtime: "js-qjs-v1",
  program:
    "function main(inputs) { let n = inputs[0].json(); for (let i = 0; i < 6e6; i++) n = (n * 31 + i) % 65521; return n; }",
  input: z.number(),
  output: z.number(),
  deadlines: { matchMs: 10_000, runMs: 25_000, deliverMs: 60_000 },
});

const shortTask = defineTask({
  runtime: "js-qjs-v1",
  program: "function main(inputs) { return inputs[0].json() * 2; }",
  input: z.number(),
  output: z.number(),
});

const nameOf = (node: NodeId): string => {
  const at = running.network.genesis.members.findIndex(
    ({ publicKey }) => nodeIdOf(publicKey) === node,
  );
  return networkFiles.node(at + 1);
};

describe("a running network", () => {
  test("ends a task verified though one of its workers was killed by SIGKILL in the middle", async () => {
    let killed: NodeId | null = null;
    const onState = (state: TaskState) => {
      if (killed !== null || state.kind !== "running") return;
      const worker = state.workers.find((place) => place.state === "accepted");
      if (worker === undefined) return;
      killed = worker.node as NodeId;
      process.kill(running.pidOf(nameOf(killed)), "SIGKILL");
    };
    const { output, receipt: bytes } = await meshwork.run(longTask, 1, { onState });
    expect(killed).not.toBeNull();
    expect(output).toBeTypeOf("number");
    expect(receipt.decode(bytes).task.conclusion?.outcome).toBe("verified");
  }, 150_000);

  test("finds out a liar by segment evidence, and he loses on every node's ledger", async () => {
    const invite = (
      await readFile(join(running.network.folder, networkFiles.invite), "utf8")
    ).trim();
    const liar = await joinAsLiar(join(data.path, "liar"), invite);
    const me = liar.nodeId;
    await untilEligible(me);
    const before = liar.chain.head.state.account(me)?.points ?? 0n;

    const convicted = await runUntilConvicted(me);
    const finding = convicted.proof?.verdict.findings.find(({ worker }) => worker === me);
    expect(finding).toMatchObject({ verdict: "guilty", evidence: { index: 0 } });
    expect(convicted.task.conclusion?.outcome).toBe("verified");
    const { height } = convicted.header;
    await liar.stop();
    await running.stop();

    const roots = new Set<string>();
    for (let number = 1; number <= 7; number++) {
      const folder = join(running.network.folder, networkFiles.node(number), "chain");
      const chain = await openChain({ folder, genesis: running.network.genesis, log: silentLog });
      const { state } = chain.head;
      expect(chain.head.height).toBeGreaterThanOrEqual(height);
      const account = state.account(me);
      expect(account?.points).toBeLessThan(before);
      const node = state.node(me);
      expect(node?.suspendedUntil).toBeGreaterThan(0);
      expect(node && reputationOf(node, state.head.activeTime)).toBeLessThan(1_000);
      roots.add((await chain.blockAt(height))?.block.header.stateRoot ?? "none");
      await chain.close();
    }
    expect(roots.size).toBe(1);
  }, 240_000);
});

async function untilEligible(node: NodeId): Promise<void> {
  const trpc = await meshwork.trpc();
  for (;;) {
    const { nodes } = await trpc.nodes.list.query({});
    if (nodes.some(({ nodeId, eligible }) => nodeId === node && eligible)) return;
    await sleep(systemClock, 200);
  }
}

/** The draw is chance: about one task in four has the stranger as a worker. */
async function runUntilConvicted(node: NodeId) {
  for (let attempt = 0; attempt < 40; attempt++) {
    const { output, receipt: bytes } = await meshwork.run(shortTask, attempt);
    expect(output).toBe(2 * attempt);
    const read = receipt.decode(bytes);
    if (read.proof?.verdict.findings.some(({ worker }) => worker === node)) return read;
  }
  throw new Error("the liar was never drawn as a worker");
}
