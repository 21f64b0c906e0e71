import { sha256Hex } from "@meshwork/crypto";
import { type Clock, type OrderId, sleep } from "@meshwork/foundation";
import type { inferRouterOutputs } from "@trpc/server";
import { fromBase64 } from "../base64.ts";
import type { AppRouter } from "../router.ts";
import { ClientError } from "./client-error.ts";
import { coded, type Door } from "./door.ts";

type Raw = inferRouterOutputs<AppRouter>["tasks"]["result"];
/** The server's answer, with the output as bytes that hash to what the answer says. */
export type TaskResult = {
  [K in Raw["kind"]]: K extends "pending"
    ? Extract<Raw, { kind: K }>
    : Omit<Extract<Raw, { kind: K }>, "output"> & { output: Uint8Array | null };
}[Raw["kind"]];
export type Concluded = Extract<TaskResult, { kind: "concluded" }>;

export interface ResultParts {
  door: Door;
  clock: Clock;
}

export async function fetchResult(
  { door }: Pick<ResultParts, "door">,
  orderId: OrderId,
  options: { unverified: boolean; signal?: AbortSignal | undefined },
): Promise<TaskResult> {
  const answer = await coded(
    door.trpc.tasks.result.query(
      { orderId, unverified: options.unverified },
      options.signal ? { signal: options.signal } : {},
    ),
  );
  switch (answer.kind) {
    case "pending":
      return answer;
    case "unverified":
      return { ...answer, output: bytesOf(answer.output, answer.resultHash) };
    case "concluded": {
      const { output, result } = answer;
      return { ...answer, output: output && result ? bytesOf(output, result.resultHash) : null };
    }
  }
}

export async function fetchReceipt(
  { door }: Pick<ResultParts, "door">,
  orderId: OrderId,
  signal?: AbortSignal,
): Promise<Uint8Array | null> {
  const answer = await coded(door.trpc.tasks.receipt.query({ orderId }, signal ? { signal } : {}));
  if (answer.kind === "pending") return null;
  const bytes = fromBase64(answer.receipt);
  if (bytes !== null) return bytes;
  throw new ClientError("ANSWER_INVALID", `the receipt of ${orderId} is not base64`);
}

const POLLS = 40;
const POLL_MS = 250;

/** What the ledger has concluded may take a moment to arrive at the server itself. */
export async function soon<T>(
  clock: Clock,
  ask: () => Promise<T | null>,
  signal: AbortSignal | undefined,
): Promise<T | null> {
  for (let polls = 1; ; polls++) {
    const answer = await ask();
    if (answer !== null || polls === POLLS) return answer;
    await sleep(clock, POLL_MS, signal);
  }
}

function bytesOf(base64: string, resultHash: string): Uint8Array {
  const bytes = fromBase64(base64);
  if (bytes !== null && sha256Hex(bytes) === resultHash) return bytes;
  throw new ClientError(
    "RESULT_HASH_MISMATCH",
    `the output that the server sent does not hash to ${resultHash}: ask another gateway of the network`,
    { detail: { resultHash } },
  );
}
