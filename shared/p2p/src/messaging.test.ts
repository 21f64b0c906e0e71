import { codeOf, utf8 } from "@meshwork/foundation";
import { verifyEnvelope } from "@meshwork/protocol";
import { expect, test } from "vitest";
import type { Message } from "./message.ts";
import { introduce, TestNodes } from "./testing/test-nodes.ts";

async function pair(nodes: TestNodes) {
  const [alice, bob] = [await nodes.start(), await nodes.start()];
  introduce(alice, bob);
  return { alice, bob };
}

test("a request is answered, also backwards over the same connection", async () => {
  await using nodes = new TestNodes();
  const { alice, bob } = await pair(nodes);
  bob.messaging.handle("echo", { onRequest: ({ payload }) => Uint8Array.of(...payload, 1) });
  alice.messaging.handle("echo", { onRequest: ({ payload }) => Uint8Array.of(...payload, 2) });
  const there = await alice.messaging.request(bob.nodeId, "echo", Uint8Array.of(7));
  const back = await bob.messaging.request(alice.nodeId, "echo", Uint8Array.of(7));
  expect([...there, ...back]).toEqual([7, 1, 7, 2]);
});

test("a handler's error reaches the requester by its code; other errors say nothing of the receiver", async () => {
  await using nodes = new TestNodes();
  const { alice, bob } = await pair(nodes);
  bob.messaging.handle("broken", {
    onRequest: () => {
      throw new Error("secret path /root");
    },
  });
  const ask = (stream: string) =>
    alice.messaging.request(bob.nodeId, stream, utf8("x")).catch((error) => error);
  const [broken, missing] = [await ask("broken"), await ask("nobody")];
  expect([codeOf(broken), broken.detail.code]).toEqual(["REQUEST_REFUSED", "HANDLER_FAILED"]);
  expect(broken.message).not.toContain("secret");
  expect([codeOf(missing), missing.detail.code]).toEqual(["REQUEST_REFUSED", "NO_HANDLER"]);
});

test("five hundred messages under way at once arrive once each, in order, each with its proof", async () => {
  await using nodes = new TestNodes();
  const { alice, bob } = await pair(nodes);
  const seen: Message[] = [];
  bob.messaging.handle("log", {
    onSend: (message) => {
      seen.push(message);
      return "accept";
    },
  });
  const payloads = Array.from({ length: 500 }, (_, i) => utf8(`message ${i}`));
  await Promise.all(payloads.map((payload) => alice.messaging.send(bob.nodeId, "log", payload)));
  expect(seen.map(({ payload }) => payload)).toEqual(payloads);
  const key = alice.ownRecord().unsigned.publicKey;
  expect(seen.every(({ envelope, payload }) => verifyEnvelope(key, envelope, payload))).toBe(true);
  expect(new Set(seen.map(({ envelope }) => envelope.signature)).size).toBeLessThan(50);
});
