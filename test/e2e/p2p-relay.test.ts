import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createNetwork, type Network, networkFiles } from "@meshwork/cli/network";
import { generateKeyPair } from "@meshwork/crypto";
import { type Key25519, systemClock, systemRandom, utf8 } from "@meshwork/foundation";
import { createMetrics, silentLog } from "@meshwork/observability";
import { createIdentity, createP2p, type P2p } from "@meshwork/p2p";
import { genesis, requestNames } from "@meshwork/protocol";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";

const launcher = fileURLToPath(new URL("../../relay/bin/relay.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "meshwork-relay-"));
const network = join(folder, "network");
const running: { stop(): Promise<void> }[] = [];
let made: Network;

const ready = z.object({
  kind: z.literal("ready"),
  nodeId: z.string(),
  addresses: z.array(z.string()).min(1),
  probeUrl: z.string(),
});

function spawnRelay(environment: Record<string, string>): ChildProcess {
  return fork(launcher, { env: { PATH: process.env.PATH, ...environment }, silent: true });
}

async function startRelay(listen = "/ip4/127.0.0.1/tcp/0,/ip4/127.0.0.1/tcp/0/ws") {
  const child = spawnRelay({
    MESHWORK_GENESIS: join(network, networkFiles.genesis),
    MESHWORK_DATA: join(folder, "relay"),
    MESHWORK_LISTEN: listen,
    MESHWORK_LOG_LEVEL: "warn",
  });
  const [message] = await once(child, "message");
  const exited = once(child, "exit");
  const stop = async () => {
    child.kill("SIGTERM");
    await exited;
  };
  running.push({ stop });
  return { child, exited, stop, ...ready.parse(message) };
}

async function startEdge(relays: readonly string[], listen: readonly string[]): Promise<P2p> {
  const identity = createIdentity(
    { clock: systemClock },
    {
      chainId: made.chainId,
      keyPair: generateKeyPair(),
      roles: ["worker"],
      region: "test",
      sealKey: "22".repeat(32) as Key25519,
      software: "test",
    },
  );
  const edge = await createP2p(
    {
      identity,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      metrics: createMetrics({ processMetrics: false }),
    },
    { listen, relays },
  );
  edge.messaging.handle("echo", { onRequest: ({ payload }) => payload });
  running.push(edge);
  await edge.start();
  return edge;
}

const until = (check: () => boolean) =>
  vi.waitFor(() => expect(check()).toBe(true), { timeout: 20_000, interval: 20 });
const isReachable = (edge: P2p) => edge.addresses().some((text) => text.includes("/p2p-circuit/"));

beforeAll(async () => {
  const parts = { clock: systemClock, random: systemRandom };
  const plan = {
    name: "relay-test",
    development: true,
    validators: 4,
    nodes: 4,
    relayAddresses: ["/ip4/127.0.0.1/tcp/1"],
  };
  made = await createNetwork(parts, plan, network);
});
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("two nodes that nobody can dial meet through a relay's process, which tells how it is", async () => {
  const relay = await startRelay();
  expect(relay.addresses.some((address) => address.includes("/ws/p2p/"))).toBe(true);
  const [alice, bob] = [await startEdge(relay.addresses, []), await startEdge(relay.addresses, [])];
  await until(() => isReachable(alice) && isReachable(bob));
  const reply = await alice.messaging.request(bob.nodeId, "echo", utf8("hello"));
  expect(reply).toEqual(utf8("hello"));
  expect((await fetch(`${relay.probeUrl}/readyz`)).status).toBe(200);
  expect(await (await fetch(`${relay.probeUrl}/metrics`)).text()).toContain(
    "meshwork_hellos_refused",
  );
});

test("a stranger is given the network's genesis", async () => {
  const relay = await startRelay();
  const edge = await startEdge(relay.addresses.slice(0, 1), []);
  await until(() => edge.relays.connected === 1);
  const bytes = await edge.messaging.request(relay.nodeId as never, requestNames.genesis, utf8(""));
  expect(genesis.decode(bytes)).toEqual(made.genesis);
});

test("after a relay's restart its edges are reachable again by themselves", async () => {
  const relay = await startRelay();
  const tcp = relay.addresses.find((address) => !address.includes("/ws")) ?? "";
  const [alice, bob] = [await startEdge([tcp], []), await startEdge([tcp], [])];
  await until(() => isReachable(alice) && isReachable(bob));
  await alice.messaging.request(bob.nodeId, "echo", utf8("before"));
  relay.child.kill("SIGKILL");
  await relay.exited;
  await until(() => alice.relays.connected === 0 && !isReachable(alice) && !isReachable(bob));
  const again = await startRelay(tcp.split("/p2p/")[0]);
  expect(again.addresses).toContain(tcp);
  await until(() => isReachable(alice) && isReachable(bob));
  const reply = await alice.messaging.request(bob.nodeId, "echo", utf8("after"));
  expect(reply).toEqual(utf8("after"));
  // Two starts of a process and two reservations, on a machine that may be busy.
}, 90_000);

test("a relay ends when its supervisor is gone, and upon SIGTERM, with its ports free", async () => {
  const relay = await startRelay();
  relay.child.disconnect();
  await relay.exited;
  await expect(fetch(`${relay.probeUrl}/healthz`)).rejects.toThrow();
  const other = await startRelay();
  other.child.kill("SIGTERM");
  expect((await other.exited)[0]).toBe(0);
});

test("a wrong setting is named with its value, and the exit code says configuration", async () => {
  const child = spawnRelay({
    MESHWORK_DATA: folder,
    MESHWORK_GENESIS: "x",
    MESHWORK_PROBE_PORT: "web",
  });
  const [[failed], [code]] = await Promise.all([once(child, "message"), once(child, "exit")]);
  expect(failed).toMatchObject({ kind: "failed", code: "CONFIG_INVALID" });
  expect(failed.message).toContain('MESHWORK_PROBE_PORT is "web"');
  expect(code).toBe(78);
});
