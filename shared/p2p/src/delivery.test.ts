import { codeOf, utf8 } from "@meshwork/foundation";
import { expect, test, vi } from "vitest";
import type { Message } from "./message.ts";
import type { P2p } from "./p2p.ts";
import { introduce, TestNodes, testIdentity } from "./testing/test-nodes.ts";

async function pair(nodes: TestNodes) {
  const [alice, bob] = [await nodes.start(), await nodes.start()];
  introduce(alice, bob);
  return { alice, bob };
}

const cut = (node: P2p) => {
  for (const connection of node.host.getConnections())
    connection.abort(new Error("the line broke"));
};

test("messages survive connections that break under them: once each, in order", async () => {
  await using nodes = new TestNodes();
  const { alice, bob } = await pair(nodes);
  const seen: string[] = [];
  bob.messaging.handle("log", {
    onSend: ({ payload }) => {
      seen.push(new TextDecoder().decode(payload));
      if (seen.length % 10 === 0) cut(seen.length % 20 === 0 ? alice : bob);
      return "accept";
    },
  });
  const names = Array.from({ length: 40 }, (_, i) => `message ${i}`);
  await Promise.all(names.map((name) => alice.messaging.send(bob.nodeId, "log", utf8(name))));
  expect(seen).toEqual(names);
});

test("a request whose link breaks while it is answered is answered on the next link, and ran once", async () => {
  await using nodes = new TestNodes();
  const { alice, bob } = await pair(nodes);
  let runs = 0;
  bob.messaging.handle("slow", {
    onRequest: async () => {
      runs += 1;
      cut(bob);
      await vi.waitFor(() => expect(bob.peers.connected()).toEqual([]));
      return utf8("done");
    },
  });
  const reply = await alice.messaging.request(bob.nodeId, "slow", utf8("go"));
  expect([new TextDecoder().decode(reply), runs]).toEqual(["done", 1]);
});

test("what finds no receiver in time fails with a code that says so, and why", async () => {
  await using nodes = new TestNodes();
  const alice = await nodes.start();
  const { nodeId } = testIdentity();
  const failures = await Promise.all([
    alice.messaging.send(nodeId, "log", utf8("x"), { ttlMs: 300 }).catch((error) => error),
    alice.messaging.request(nodeId, "log", utf8("x"), { timeoutMs: 300 }).catch((error) => error),
  ]);
  expect(failures.map(codeOf)).toEqual(["MESSAGE_EXPIRED", "REQUEST_TIMEOUT"]);
  const elsewhere = await alice.messaging.connectToPeer(nodeId).catch((error) => error);
  expect(codeOf(elsewhere)).toBe("PEER_NOT_FOUND");
}, 15_000);

test("a request that its maker gives up on ends at once", async () => {
  await using nodes = new TestNodes();
  const { alice, bob } = await pair(nodes);
  bob.messaging.handle("never", { onRequest: () => new Promise(() => {}) });
  const signal = AbortSignal.timeout(200);
  const asked = alice.messaging.request(bob.nodeId, "never", utf8("x"), { signal });
  await expect(asked).rejects.toBe(
    await new Promise((r) => (signal.onabort = () => r(signal.reason))),
  );
});

test("a message that its handler rejects is refused for good; one that it ignores is not", async () => {
  await using nodes = new TestNodes();
  const { alice, bob } = await pair(nodes);
  bob.messaging.handle("rejects", { onSend: () => "reject" });
  bob.messaging.handle("ignores", { onSend: () => "ignore" });
  const error = await alice.messaging
    .send(bob.nodeId, "rejects", utf8("x"))
    .catch((failure) => failure);
  expect([codeOf(error), error.detail.code]).toEqual(["MESSAGE_REFUSED", "HANDLER_REJECTED"]);
  await alice.messaging.send(bob.nodeId, "ignores", utf8("x"));
});

test("a message to oneself is refused at once, not when its time is over", async () => {
  await using nodes = new TestNodes();
  const alice = await nodes.start();
  const sent = alice.messaging.send(alice.nodeId, "log", utf8("x"));
  await expect(sent).rejects.toMatchObject({ code: "PEER_UNREACHABLE" });
});

test("a payload that no frame can carry is refused before it is sent", async () => {
  await using nodes = new TestNodes();
  const { alice, bob } = await pair(nodes);
  const asked = alice.messaging.send(bob.nodeId, "log", new Uint8Array(2 << 20));
  await expect(asked).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
});

test("broadcasts reach who listens, once, with their proof; garbage on the topic does not", async () => {
  await using nodes = new TestNodes();
  const { alice, bob } = await pair(nodes);
  const heard: Message[] = [];
  bob.messaging.subscribe("news", (message) => {
    heard.push(message);
    return "accept";
  });
  await alice.messaging.connectToPeer(bob.nodeId);
  const topic = bob.host.services.pubsub.getTopics()[0] ?? "";
  await vi.waitFor(() => expect(alice.host.services.pubsub.getSubscribers(topic)).toHaveLength(1));
  await alice.host.services.pubsub.publish(topic, utf8("garbage"));
  await alice.messaging.broadcast("news", utf8("good"));
  await vi.waitFor(() => expect(heard).toHaveLength(1));
  expect(heard[0]).toMatchObject({ from: alice.nodeId, payload: utf8("good") });
});
