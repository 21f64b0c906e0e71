import { generateKeyPair } from "@meshwork/crypto";
import {
  type ChainId,
  type Clock,
  type Key25519,
  systemClock,
  systemRandom,
} from "@meshwork/foundation";
import { createMetrics, type Metrics, silentLog } from "@meshwork/observability";
import { createIdentity, type IdentityOptions } from "../identity.ts";
import { createP2p, type P2p, type P2pOptions, type P2pParts } from "../p2p.ts";

/** Real nodes on loopback, for tests: ports are the system's choice, and all are stopped together. */
export const testChainId = "11".repeat(32) as ChainId;

export function testIdentity(options: Partial<IdentityOptions> = {}, clock: Clock = systemClock) {
  return createIdentity(
    { clock },
    {
      chainId: testChainId,
      keyPair: generateKeyPair(),
      roles: ["worker"],
      region: "test",
      sealKey: "22".repeat(32) as Key25519,
      software: "test",
      ...options,
    },
  );
}

export class TestNodes implements AsyncDisposable {
  readonly #running: { stop(): Promise<void> }[] = [];

  async create(parts: Partial<P2pParts> = {}, options: Partial<P2pOptions> = {}): Promise<P2p> {
    const node = await createP2p(
      {
        identity: testIdentity(),
        clock: systemClock,
        random: systemRandom,
        log: silentLog,
        metrics: createMetrics({ processMetrics: false }),
        ...parts,
      },
      { listen: ["/ip4/127.0.0.1/tcp/0"], ...options },
    );
    this.#running.push(node);
    return node;
  }

  async start(parts: Partial<P2pParts> = {}, options: Partial<P2pOptions> = {}): Promise<P2p> {
    const node = await this.create(parts, options);
    await node.start();
    return node;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.#running.splice(0).reverse()) await node.stop();
  }
}

/** What a node has counted under a metric with a `code`. */
export async function counted(node: { metrics: Metrics }, metric: string): Promise<string[]> {
  const lines = (await node.metrics.text()).split("\n");
  return lines.flatMap((line) => {
    const [, code, count] =
      line.match(new RegExp(`^meshwork_${metric}_total\\{code="(\\w+)"\\} (\\d+)$`)) ?? [];
    return code === undefined ? [] : [`${code} ${count}`];
  });
}

/** The system's clock, on which one second lasts 20 milliseconds for timers. */
export const hastyClock: Clock = {
  ...systemClock,
  setTimer: (delayMs, callback) => systemClock.setTimer(delayMs / 50, callback),
};

/** Lets `from` know of `to`, as a hello or the DHT would. */
export function introduce(from: P2p, to: P2p): void {
  from.book.put(to.ownRecord());
}
