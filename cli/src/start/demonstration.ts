import { mkdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { createMeshwork, type Meshwork, type TaskState } from "@meshwork/api/client";
import { nodeIdOf } from "@meshwork/crypto";
import { type Clock, type NodeId, utf8 } from "@meshwork/foundation";
import type { Genesis } from "@meshwork/protocol";
import { readKeys } from "../key-files.ts";
import { networkFiles } from "../network/create-network.ts";
import type { Output } from "../output.ts";
import { checkReceipt } from "../receipt-check.ts";
import { type NameOf, shortName, stateTeller } from "../show-task.ts";
import { elapsed } from "./elapsed.ts";
import { type Example, exampleTasks } from "./example-tasks.ts";

export interface DemonstrationParts {
  readonly clock: Clock;
  readonly output: Output;
  readonly began: number;
  readonly signal: AbortSignal;
}

export interface Stage {
  readonly apiUrl: string;
  readonly genesis: Genesis;
  /** The network's folder: the agent's keys are in it. */
  readonly folder: string;
  /** Where results and receipts go. */
  readonly results: string;
}

/** Plays an agent: hands in real tasks, and believes nothing but receipts. Counts the verified. */
export async function demonstrate(parts: DemonstrationParts, stage: Stage): Promise<number> {
  const { keyPair } = await readKeys(join(stage.folder, networkFiles.agent));
  const { apiUrl: url, genesis } = stage;
  const meshwork = createMeshwork({ url, key: keyPair, genesis, clock: parts.clock });
  await mkdir(stage.results, { recursive: true });
  let verified = 0;
  for (const example of await exampleTasks())
    if (await handIn(parts, { ...stage, meshwork }, example)) verified++;
  return verified;
}

async function handIn(
  parts: DemonstrationParts,
  stage: Stage & { meshwork: Meshwork },
  example: Example,
): Promise<boolean> {
  const { output, signal } = parts;
  const line = (stageName: string, what: string) =>
    output.say(`  ${elapsed(parts.clock, parts.began)}  ${stageName.padEnd(10)} ${what}`.trimEnd());
  output.say("");
  output.say(`${example.name}: ${example.about} (${example.task.runtime})`);
  const tell = stateTeller(line, nameOf(stage.genesis));
  const onState = (state: TaskState) => {
    output.emit("state", { task: example.name, state });
    tell(state);
  };
  const done = await stage.meshwork.run(example.task, example.input, { onState, signal });

  const { orderId, segments } = done;
  const base = join(stage.results, `${example.name}-${orderId.slice(0, 8)}`);
  const [resultFile, receiptFile] = [`${base}.${example.extension}`, `${base}.receipt`];
  await writeFile(resultFile, fileOf(done.output));
  await writeFile(receiptFile, done.receipt);
  line("result", `${example.summary(done.output)}: ${here(resultFile)}`);
  const check = checkReceipt(done.receipt, stage.genesis);
  line("receipt", `${check.outcome}, checked offline: ${here(receiptFile)}`);
  output.emit("task", {
    name: example.name,
    orderId,
    outcome: check.outcome,
    segments,
    resultFile,
    receiptFile,
  });
  return check.outcome === "verified";
}

/** The founders by their folders' names, everybody else by the end of his NodeId. */
function nameOf({ members }: Genesis): NameOf {
  const names = new Map<NodeId, string>(
    members.map(({ publicKey }, index) => [nodeIdOf(publicKey), networkFiles.node(index + 1)]),
  );
  return (node) => names.get(node) ?? shortName(node);
}

const fileOf = (output: unknown): Uint8Array =>
  output instanceof Uint8Array ? output : utf8(`${JSON.stringify(output, null, 2)}\n`);

const here = (path: string) => relative(process.cwd(), path) || path;
