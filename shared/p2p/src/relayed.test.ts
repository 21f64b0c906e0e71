import { utf8 } from "@meshwork/foundation";
import { expect, test, vi } from "vitest";
import type { P2p } from "./p2p.ts";
import { TestNodes } from "./testing/test-nodes.ts";

const until = (check: () => boolean) =>
  vi.waitFor(() => expect(check()).toBe(true), { timeout: 15_000, interval: 20 });

const hasCircuit = (node: P2p) =>
  node.addresses().some((address) => address.includes("p2p-circuit"));

test("two nodes that nobody can dial find each other through a relay, and talk and broadcast", async () => {
  await using nodes = new TestNodes();
  const relay = await nodes.start({}, { relay: {}, dht: "server" });
  const options = { listen: [], relays: relay.addresses() };
  const alice = await nodes.start({}, options);
  const bob = await nodes.create({}, options);
  bob.messaging.handle("echo", { onRequest: ({ payload }) => payload });
  const heard: string[] = [];
  await bob.start();
  bob.messaging.subscribe("news", ({ from }) => {
    heard.push(from);
    return "accept";
  });
  await until(() => hasCircuit(alice) && hasCircuit(bob));
  await until(() => relay.book.of(bob.nodeId) !== undefined);
  const reply = await alice.messaging.request(bob.nodeId, "echo", utf8("over the relay"));
  expect(reply).toEqual(utf8("over the relay"));
  await alice.messaging.broadcast("news", utf8("hello"));
  await until(() => heard.length > 0);
  expect(heard).toEqual([alice.nodeId]);
});

test("a node with a place at two relays stays reachable when one of them dies", async () => {
  await using nodes = new TestNodes();
  await using doomed = new TestNodes();
  const asRelay = { relay: {}, dht: "server" } as const;
  const [first, second] = [await doomed.start({}, asRelay), await nodes.start({}, asRelay)];
  const options = { listen: [], relays: [...first.addresses(), ...second.addresses()] };
  const [alice, bob] = [await nodes.create({}, options), await nodes.create({}, options)];
  for (const node of [alice, bob]) {
    node.messaging.handle("echo", { onRequest: ({ payload }) => payload });
    await node.start();
  }
  const circuits = (node: P2p) =>
    node.addresses().filter((address) => address.includes("/p2p-circuit/")).length;
  await until(() => circuits(alice) === 2 && circuits(bob) === 2);
  await alice.messaging.request(bob.nodeId, "echo", utf8("by either"));
  await doomed[Symbol.asyncDispose]();
  const reply = await alice.messaging.request(bob.nodeId, "echo", utf8("by the other"));
  expect(reply).toEqual(utf8("by the other"));
});

test("several addresses of one relay are one relay; an address that names none is refused", async () => {
  await using nodes = new TestNodes();
  const listen = ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"];
  const relay = await nodes.start({}, { relay: {}, dht: "server", listen });
  const alice = await nodes.start({}, { listen: [], relays: relay.addresses() });
  await until(() => hasCircuit(alice));
  expect([relay.addresses().length, alice.relays.connected]).toEqual([2, 1]);
  const nameless = nodes.create({}, { relays: ["/ip4/127.0.0.1/tcp/1"] });
  await expect(nameless).rejects.toMatchObject({ code: "RELAY_ADDRESS_INVALID" });
});
