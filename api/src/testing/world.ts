import { generateKeyPair, type KeyPair, nodeIdOf, sha256Hex } from "@meshwork/crypto";
import { type Clock, type NodeId, systemClock, systemRandom, toHex } from "@meshwork/foundation";
import { createMetrics, silentLog } from "@meshwork/observability";
import { contract, transaction } from "@meshwork/protocol";
import { z } from "zod";
import { toBase64 } from "../base64.ts";
import { type BuiltOrder, buildOrder } from "../client/build-order.ts";
import { defineTask } from "../client/define-task.ts";
import { createMeshwork, type Meshwork, type MeshworkOptions } from "../client/meshwork.ts";
import { signedFetch } from "../client/signed-fetch.ts";
import { type ApiServer, type ServerOptions, startServer } from "../server.ts";
import { FAKE_CHAIN, FAKE_NODE, FakeGateway } from "./fake-gateway.ts";

/** The real server on a real socket, before a gateway of the test's own. */
export interface World {
  server: ApiServer;
  gateway: FakeGateway;
  clock: AdjustableClock;
  requester: Requester;
  stranger: Requester;
  /** Without any credential. */
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(procedure: string, input: unknown, headers?: Record<string, string>): Promise<Answer>;
  stop(): Promise<void>;
}

export interface Requester {
  keyPair: KeyPair;
  account: NodeId;
  mesh: Meshwork;
  /** Signs each request anew. */
  get(path: string): Promise<Answer>;
  put(contentId: string, body: Uint8Array): Promise<Answer>;
  token(): Promise<string>;
  order(input?: unknown): BuiltOrder;
}

export interface Answer {
  status: number;
  headers: Headers;
  /** Of a success, or undefined. */
  data: unknown;
  /** Of a refusal, or undefined. */
  code: string | undefined;
  message: string;
}

export const doubling = defineTask({
  runtime: "js-qjs-v1",
  program: "function main(inputs) { return 2 * inputs[0].json(); }",
  input: z.int(),
  output: z.int(),
});

export async function startWorld(options: Partial<ServerOptions> = {}): Promise<World> {
  const gateway = new FakeGateway();
  const clock = adjustableClock();
  const metrics = createMetrics({ processMetrics: false });
  const server = await startServer(
    { gateway, clock, metrics, log: silentLog },
    { port: 0, callsPerSecond: 10_000, ...options },
  );
  const requester = requesterAt(server, { clock });
  const stranger = requesterAt(server, { clock });
  gateway.addAccount(requester.keyPair);
  gateway.addAccount(stranger.keyPair);
  return {
    server,
    gateway,
    clock,
    requester,
    stranger,
    get: async (path, headers = {}) => readAnswer(await fetch(server.url + path, { headers })),
    post: async (procedure, input, headers = {}) =>
      readAnswer(
        await fetch(`${server.url}/trpc/${procedure}`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify(input) ?? "",
        }),
      ),
    stop: server.stop,
  };
}

export function requesterAt(
  server: ApiServer,
  options: { clock: Clock } & Partial<MeshworkOptions>,
): Requester {
  const keyPair = generateKeyPair();
  const parts = { keyPair, clock: options.clock, random: systemRandom, fetch };
  const send: typeof signedFetch = (...args) => signedFetch(...args);
  const at = (path: string) => new URL(path, server.url);
  return {
    keyPair,
    account: nodeIdOf(keyPair.publicKey),
    mesh: createMeshwork({ url: server.url, key: keyPair, ...options }),
    get: async (path) => readAnswer(await send(parts, FAKE_CHAIN, at(path), { method: "GET" })),
    put: async (contentId, body) =>
      readAnswer(
        await send(parts, FAKE_CHAIN, at(`/objects/${contentId}`), {
          method: "PUT",
          body: new Uint8Array(body),
        }),
      ),
    token: async () => {
      const opened = await readAnswer(
        await send(parts, FAKE_CHAIN, at("/trpc/session.open"), {
          method: "POST",
          body: new Uint8Array(0),
          headers: { "content-type": "application/json" },
        }),
      );
      return (opened.data as { token: string }).token;
    },
    order: (input = 21) =>
      buildOrder({ ...parts, chainId: FAKE_CHAIN, gateway: FAKE_NODE }, doubling, [
        new TextEncoder().encode(JSON.stringify(input)),
      ]),
  };
}

/** What `tasks.submit` takes. */
export const submission = (order: BuiltOrder) => ({
  transaction: toBase64(transaction.encode(order.transaction)),
  contract: toBase64(contract.encode(order.contract)),
  blind: order.blind,
});

export const query = (procedure: string, input: unknown): string =>
  `/trpc/${procedure}?input=${encodeURIComponent(JSON.stringify(input))}`;

export async function readAnswer(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const body = (await response.json().catch(() => ({}))) as {
    result?: { data?: unknown };
    error?: { message?: string; data?: { meshworkCode?: string } };
  };
  return {
    status,
    headers,
    data: body.result?.data ?? (response.ok ? body : undefined),
    code: body.error?.data?.meshworkCode,
    message: body.error?.message ?? "",
  };
}

/** For `expect.poll`: the machine may be busy. */
export const patiently = { timeout: 15_000 };

export const randomHash = (): string => sha256Hex(systemRandom.bytes(32));
export const randomHex = (bytes: number): string => toHex(systemRandom.bytes(bytes));

export interface AdjustableClock extends Clock {
  /** Sets it forward; timers stay. */
  advance(ms: number): void;
  /** Waits until somebody has set a timer of `delayMs`, and lets it end. */
  elapse(delayMs: number): Promise<void>;
}

/** The machine's clock, set forward by the test. */
function adjustableClock(): AdjustableClock {
  let ahead = 0;
  const timers = new Set<{ delayMs: number; callback: () => void }>();
  return {
    now: () => systemClock.now() + ahead,
    monotonic: () => systemClock.monotonic() + ahead,
    setTimer(delayMs, callback) {
      const timer = { delayMs, callback };
      timers.add(timer);
      const cancel = systemClock.setTimer(delayMs, () => {
        timers.delete(timer);
        callback();
      });
      return () => {
        timers.delete(timer);
        cancel();
      };
    },
    advance(ms) {
      ahead += ms;
    },
    async elapse(delayMs) {
      for (;;) {
        const timer = [...timers].find((one) => one.delayMs === delayMs);
        if (timer) return timer.callback();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
  };
}
