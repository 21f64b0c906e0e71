import { createMeshwork, defineTask, type Meshwork } from "@meshwork/api/client";
import type { KeyPair } from "@meshwork/crypto";
import { nodeIdOf } from "@meshwork/crypto";
import {
  CodedError,
  limits,
  type OrderId,
  sleep,
  systemClock,
  systemRandom,
} from "@meshwork/foundation";
import { type Genesis, signTransaction } from "@meshwork/protocol";
import { z } from "zod";
import type { SeededRandom } from "../support/simulator/seeded-random.ts";

/** What became of the orders of a load. */
export class LoadReport {
  /** Orders that the API has said to stand on the ledger: of these none may be lost. */
  readonly accepted = new Set<OrderId>();
  /** How they ended, by outcome. */
  readonly ends = new Map<string, number>();
  /** What was refused before it was accepted, by code. */
  readonly refused = new Map<string, number>();
  readonly broken: string[] = [];

  count(which: Map<string, number>, what: string): void {
    which.set(what, (which.get(what) ?? 0) + 1);
  }
}

export interface LoadOptions {
  readonly url: string;
  readonly genesis: Genesis;
  readonly keyPair: KeyPair;
  readonly random: SeededRandom;
  /** No order is begun once it is aborted. */
  readonly enough: AbortSignal;
  /** What has not ended then, hangs. */
  readonly tooLate: AbortSignal;
}

const deadlines = { matchMs: 10_000, runMs: 30_000, deliverMs: 30_000 };
const number = { input: z.number(), output: z.number(), runtime: "js-qjs-v1", deadlines } as const;

const tasks = [
  {
    name: "short",
    task: defineTask({
      ...number,
      program: "function main(inputs) { return inputs[0].json() * 2; }",
    }),
    expected: (input: number) => input * 2,
  },
  {
    // Some seconds, so that its worker dies in the midst of it.
    name: "long",
    task: defineTask({
      ...number,
      program:
        "function main(inputs) { let n = inputs[0].json(); for (let i = 0; i < 2e6; i++) n = (n * 31 + i) % 65521; return n; }",
    }),
    expected(input: number) {
      let n = input;
      for (let i = 0; i < 2e6; i++) n = (n * 31 + i) % 65521;
      return n;
    },
  },
  {
    name: "faulty",
    task: defineTask({ ...number, program: "function main() { throw new Error('as ever'); }" }),
    expected: () => null,
  },
] as const;

/** Out of ten: most are short. */
const MIX = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2];
const REVOKED = 0.1;
const PAUSE_MS = 1_000;

/** One requester who orders one task after the other, and holds the network to what it said. */
export async function orderTasks(report: LoadReport, options: LoadOptions): Promise<void> {
  const { url, genesis, keyPair, random, enough } = options;
  const meshwork = createMeshwork({ url, genesis, key: keyPair });
  while (!enough.aborted) {
    const kind = tasks[random.pick(MIX)] ?? tasks[0];
    const input = random.int(1_000);
    const willRevoke = random.chance(REVOKED);
    let orderId: OrderId;
    try {
      orderId = await meshwork.submit(kind.task, input, { signal: options.tooLate });
    } catch (error) {
      report.count(report.refused, codeOf(error));
      await sleep(systemClock, PAUSE_MS);
      continue;
    }
    report.accepted.add(orderId);
    if (willRevoke) await revoke(meshwork, keyPair, orderId);
    try {
      const end = await endOf(meshwork, orderId, options.tooLate);
      report.count(report.ends, end.outcome);
      const says = wrongIn(end, kind.expected(input));
      if (says !== null) report.broken.push(`${kind.name} order ${orderId} ${says}`);
    } catch (error) {
      report.broken.push(`${kind.name} order ${orderId} never ended: ${codeOf(error)}`);
    }
  }
}

interface End {
  readonly outcome: string;
  readonly output: number | null;
}

/** Asks until it knows: the API may be down at any moment, for as long as its start takes. */
async function endOf(meshwork: Meshwork, orderId: OrderId, signal: AbortSignal): Promise<End> {
  for (;;) {
    try {
      for await (const _ of meshwork.watch(orderId, { signal }));
      const result = await meshwork.result(orderId);
      if (result.kind === "concluded" && isWhole(result)) {
        const { outcome, output } = result;
        return { outcome, output: output && JSON.parse(new TextDecoder().decode(output)) };
      }
    } catch {
      signal.throwIfAborted();
    }
    await sleep(systemClock, PAUSE_MS, signal);
  }
}

/** The output may still be on its way to an API that has just started. */
const isWhole = ({ outcome, output }: { outcome: string; output: Uint8Array | null }): boolean =>
  output !== null || !hasOutput(outcome);
const hasOutput = (outcome: string): boolean => outcome === "verified" || outcome === "accepted";

/** @returns what is wrong with this end, or null */
function wrongIn({ outcome, output }: End, expected: number | null): string | null {
  if (hasOutput(outcome) && output !== expected)
    return `is ${outcome} with ${output}, which should be ${expected}`;
  if (outcome === "failed" && expected !== null) return "has failed, though its program does not";
  if (outcome === "disputed") return "is disputed, though nobody lies";
  return null;
}

/** It may come too late, or not at all: then the order ends as it would have. */
async function revoke(meshwork: Meshwork, keyPair: KeyPair, orderId: OrderId): Promise<void> {
  try {
    await meshwork.transact(
      signTransaction(keyPair, {
        chainId: await meshwork.chainId(),
        sender: nodeIdOf(keyPair.publicKey),
        nonce: new DataView(systemRandom.bytes(8).buffer).getBigUint64(0),
        notAfter: systemClock.now() + limits.transactionLifetimeMs / 2,
        body: { kind: "cancel", orderId },
      }),
    );
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
  }
}

const codeOf = (error: unknown): string =>
  error instanceof CodedError ? error.code : error instanceof Error ? error.name : String(error);
