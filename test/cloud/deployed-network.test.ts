import { execFile } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createMeshwork, defineTask, type RunResult } from "@meshwork/api/client";
import { networkFiles, readKeys } from "@meshwork/cli/start";
import { openChain } from "@meshwork/edge-node";
import { utf8 } from "@meshwork/foundation";
import { silentLog } from "@meshwork/observability";
import { type Receipt, receipt } from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage/content-id";
import { openS3Store } from "@meshwork/storage/s3";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import {
  type DeployedStacks,
  deployStacks,
  environmentOf,
} from "../support/aws-emulators/deployed-stacks.ts";
import type { Emulator } from "../support/aws-emulators/emulators.ts";
import { startMoto } from "../support/aws-emulators/moto.ts";
import { startNetwork, type TestNetwork, temporaryFolder } from "../support/running-network.ts";

const NODES = 7;
const launcher = fileURLToPath(new URL("../../cli/bin/meshwork.mjs", import.meta.url));
const data = temporaryFolder();
let cloud: Emulator;
let stacks: DeployedStacks;
let running: TestNetwork;

/** The processes of the network, and every command, take their cloud from here, as a task of ECS does. */
beforeAll(async () => {
  cloud = await startMoto();
  for (const [name, value] of Object.entries(environmentOf(cloud.endpoint)))
    vi.stubEnv(name, value);
  stacks = await deployStacks(cloud.endpoint);
  running = await start();
}, 300_000);
afterAll(async () => {
  await running?.stop();
  await cloud?.stop();
  vi.unstubAllEnvs();
  data.remove();
}, 60_000);

const start = () =>
  startNetwork(data.path, {
    nodes: NODES,
    stores: { MESHWORK_TASK_DATA: `s3://${stacks.taskDataBucket}/objects` },
  });

const program = "function main(inputs) { return inputs[0].json() * 2; }";
const double = defineTask({
  runtime: "js-qjs-v1",
  program,
  input: z.number(),
  output: z.number(),
});

async function run(input: number): Promise<RunResult<number>> {
  const { apiUrl: url, folder, genesis } = running.network;
  const { keyPair } = await readKeys(join(folder, networkFiles.agent));
  return createMeshwork({ url, key: keyPair, genesis }).run(double, input);
}

const folderOf = (member: string) => join(data.path, "network", member);
const nodes = Array.from({ length: NODES }, (_, index) => networkFiles.node(index + 1));
const ledgerMembers = [...nodes, networkFiles.gateway];

/** Height and root of a stopped node's state, and what stands in it about a task. */
async function ledgerOf(member: string, { orderId }: Pick<Receipt["task"], "orderId">) {
  const chain = await openChain({
    folder: join(folderOf(member), "chain"),
    genesis: running.network.genesis,
    log: silentLog,
  });
  const { height, state } = chain.head;
  const told = { height, root: state.root(), task: state.task(orderId) };
  await chain.close();
  return told;
}

/** A snapshot command of a clone, on the deployed bucket and table; its last line. */
async function snapshots(...args: string[]): Promise<Record<string, unknown>> {
  const genesis = join(data.path, "network", networkFiles.genesis);
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...[launcher, "--json", ...args, `s3://${stacks.ledgerBucket}/snapshots`],
    ...["--genesis", genesis, "--anchors", `dynamodb://${stacks.anchorTable}`],
  ]);
  return JSON.parse(stdout.trim().split("\n").at(-1) as string);
}

/** All that a machine holds but what makes it who it is: its keys, and where it votes, key and log. */
async function destroy(member: string): Promise<void> {
  const kept = ["keystore.json", "passphrase", networkFiles.vote];
  for (const name of await readdir(folderOf(member)))
    if (!kept.includes(name)) await rm(join(folderOf(member), name), { recursive: true });
}

describe("a network whose storage came from cdk deploy", () => {
  let first: Receipt;
  let before: Awaited<ReturnType<typeof ledgerOf>>;

  test("runs a task with its data in S3, where nobody can read it", async () => {
    const { output, receipt: bytes } = await run(21);
    expect(output).toBe(42);
    first = receipt.decode(bytes);
    const { result, outcome } = first.task.conclusion ?? {};
    expect(outcome).toBe("verified");
    const bucket = openS3Store({
      bucket: stacks.taskDataBucket,
      prefix: "objects",
      maxObjectBytes: 1 << 20,
    });
    const stored: string[] = [];
    for await (const id of bucket.list()) stored.push(id);
    expect(stored).toContain(result?.sealedOutput);
    // Sealed, so that whoever reads the bucket knows neither the program nor what went in and came out.
    for (const plain of [program, "21", "42"])
      expect(stored).not.toContain(contentIdOf(utf8(plain)));
    // The program, its input, and at least the outputs and the trace of those who worked.
    expect(stored.length).toBeGreaterThanOrEqual(4);
    bucket.close();
  }, 120_000);

  test("takes a snapshot to S3, its head to DynamoDB, and reads it again", async () => {
    await running.stop();
    const [one] = nodes as [string];
    before = await ledgerOf(one, first.task);
    const created = await snapshots("backup", "create", "--data", folderOf(one));
    expect(created).toMatchObject({ height: before.height, stateRoot: before.root });
    const verified = await snapshots("backup", "verify", "--read-data");
    expect(verified).toMatchObject({ stateRoot: before.root, readData: true });
  }, 60_000);

  test("comes back from S3 when every folder is lost but for the votes, and goes on", async () => {
    for (const member of ledgerMembers) await destroy(member);
    for (const member of ledgerMembers) await snapshots("restore", "--data", folderOf(member));
    for (const member of ledgerMembers) expect(await ledgerOf(member, first.task)).toEqual(before);

    running = await start();
    const { output, receipt: bytes } = await run(50);
    expect(output).toBe(100);
    const second = receipt.decode(bytes);
    expect(second.task.conclusion?.outcome).toBe("verified");
    expect(second.header.height).toBeGreaterThan(before.height);
  }, 240_000);
});
