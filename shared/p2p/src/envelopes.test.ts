import { generateKeyPair, nodeIdOf } from "@meshwork/crypto";
import {
  type ChainId,
  codeOf,
  type Digest,
  systemClock,
  systemRandom,
  toHex,
  utf8,
} from "@meshwork/foundation";
import { createMetrics } from "@meshwork/observability";
import {
  type Envelope,
  type EnvelopeHeader,
  payloadHashOf,
  sealEnvelopes,
  streamNames,
} from "@meshwork/protocol";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Channel } from "./channels.ts";
import { type MessageFrame, messageFrame } from "./message-frame.ts";
import type { P2p } from "./p2p.ts";
import { counted, introduce, TestNodes, testChainId, testIdentity } from "./testing/test-nodes.ts";

const payload = utf8("to be or not");
const stranger = generateKeyPair();

/** Bob, and Mallory, who said hello properly and now sends what she likes. */
async function stage(nodes: TestNodes) {
  const metrics = createMetrics({ processMetrics: false });
  const identity = testIdentity();
  const [bob, mallory] = [await nodes.start({ metrics }), await nodes.start({ identity })];
  introduce(mallory, bob);
  const delivered: string[] = [];
  bob.messaging.handle("log", {
    onSend: ({ from, id }) => {
      delivered.push(`${from} ${id}`);
      return "accept";
    },
    onRequest: () => utf8("answer"),
  });
  const header: EnvelopeHeader = {
    chainId: testChainId,
    kind: "send",
    from: mallory.nodeId,
    publicKey: identity.keyPair.publicKey,
    to: bob.nodeId,
    id: toHex(systemRandom.bytes(32)) as Digest,
    inReplyTo: null,
    stream: "log",
    incarnation: 1n,
    seq: 0,
    settled: 0,
    sent: systemClock.now(),
    ttlMs: 60_000,
    traceparent: "",
    payloadHash: payloadHashOf(payload),
  };
  const channel = await mallory.channels.open(bob.nodeId, streamNames.messages);
  const seal = (change: Partial<EnvelopeHeader>, keyPair = identity.keyPair) => {
    const [envelope] = sealEnvelopes(keyPair, [{ ...header, ...change }]);
    return envelope as Envelope;
  };
  const counts = () => counted({ metrics }, "messages_refused");
  return { bob, mallory, identity, delivered, channel, seal, counts };
}

async function say(
  channel: Channel,
  envelope: Envelope,
  bytes: Uint8Array = payload,
): Promise<MessageFrame> {
  await channel.send(messageFrame.encode({ kind: "message", envelope, payload: bytes }));
  const { value } = await channel[Symbol.asyncIterator]().next();
  return messageFrame.decode(value);
}

async function stillTalks(nodes: TestNodes, bob: P2p): Promise<boolean> {
  const alice = await nodes.start();
  introduce(alice, bob);
  await alice.messaging.send(bob.nodeId, "log", utf8("honest"));
  return true;
}

type Stage = Awaited<ReturnType<typeof stage>>;

describe("an envelope is refused with its code, counted and not delivered; others are not harmed", () => {
  const cases: Record<string, (on: Stage) => [Envelope, Uint8Array?]> = {
    ENVELOPE_BAD_SIGNATURE: ({ seal }) => [{ ...seal({}), signature: seal({ seq: 9 }).signature }],
    ENVELOPE_OTHER_NETWORK: ({ seal }) => [seal({ chainId: "33".repeat(32) as ChainId })],
    ENVELOPE_WRONG_RECIPIENT: ({ seal, mallory }) => [seal({ to: mallory.nodeId })],
    ENVELOPE_WRONG_SENDER: ({ seal }) => [
      seal({ from: nodeIdOf(stranger.publicKey), publicKey: stranger.publicKey }, stranger),
    ],
    ENVELOPE_WRONG_KEY: ({ seal }) => [seal({ publicKey: stranger.publicKey }, stranger)],
    ENVELOPE_WRONG_PAYLOAD: ({ seal }) => [seal({}), utf8("something else")],
    ENVELOPE_EXPIRED: ({ seal }) => [seal({ sent: systemClock.now() - 10_000, ttlMs: 1_000 })],
    ENVELOPE_FROM_FUTURE: ({ seal }) => [seal({ sent: systemClock.now() + 60_000 })],
    ENVELOPE_MALFORMED: ({ seal }) => [seal({ kind: "broadcast" })],
  };
  const nodes = new TestNodes();
  let on: Stage;
  beforeAll(async () => {
    on = await stage(nodes);
  });
  afterAll(() => nodes[Symbol.asyncDispose]());

  for (const [code, make] of Object.entries(cases))
    test(code, async () => {
      const [envelope, bytes] = make(on);
      const answer = await say(on.channel, envelope, bytes);
      expect(answer).toMatchObject({ kind: "refused", id: envelope.header.id, code });
      expect(await on.counts()).toContain(`${code} 1`);
      expect(on.delivered).toEqual([]);
    });

  test("and after all that, the honest are heard", async () => {
    expect(await stillTalks(nodes, on.bob)).toBe(true);
    expect(on.delivered).toHaveLength(1);
  });
});

test("a send that comes again is acknowledged again and not delivered again; it is counted", async () => {
  await using nodes = new TestNodes();
  const { channel, seal, delivered, counts } = await stage(nodes);
  const envelope = seal({});
  for (let i = 0; i < 3; i++)
    expect(await say(channel, envelope)).toEqual({ kind: "delivered", id: envelope.header.id });
  expect(delivered).toHaveLength(1);
  expect(await counts()).toEqual(["ENVELOPE_REPLAYED 2"]);
});

test("a replayed request runs nothing; its own sender gets the old reply, another envelope under its number a refusal", async () => {
  await using nodes = new TestNodes();
  const { channel, seal, counts } = await stage(nodes);
  const request = seal({ kind: "request" });
  for (let i = 0; i < 2; i++)
    expect(await say(channel, request)).toMatchObject({ kind: "message", payload: utf8("answer") });
  const other = seal({ kind: "request", id: toHex(systemRandom.bytes(32)) as Digest });
  expect(await say(channel, other)).toMatchObject({ kind: "refused", code: "ENVELOPE_REPLAYED" });
  expect(await counts()).toContain("ENVELOPE_REPLAYED 3");
});

test("who forges again and again is dropped, and not let in again for a while", async () => {
  await using nodes = new TestNodes();
  const { bob, mallory, channel, seal } = await stage(nodes);
  const forged = { ...seal({}), signature: seal({ seq: 9 }).signature };
  const frame = messageFrame.encode({ kind: "message", envelope: forged, payload });
  for (let i = 0; i < 10; i++) channel.trySend(frame);
  await vi.waitFor(() => expect(mallory.peers.connected()).toEqual([]));
  const again = await mallory.peers.connect(bob.nodeId).catch((error) => error);
  expect(codeOf(again)).toBe("HELLO_NOT_ADMITTED");
  expect(await stillTalks(nodes, bob)).toBe(true);
});

test("bytes that are no frame end the channel, and nothing else", async () => {
  await using nodes = new TestNodes();
  const { bob, channel } = await stage(nodes);
  await channel.send(systemRandom.bytes(500));
  await channel.closed;
  expect(await stillTalks(nodes, bob)).toBe(true);
});

test("any bytes decode to a canonical frame or to one coded error: 2,000 cases", () => {
  const identity = testIdentity();
  const [envelope] = sealEnvelopes(identity.keyPair, [
    {
      chainId: testChainId,
      kind: "send",
      from: identity.nodeId,
      publicKey: identity.keyPair.publicKey,
      to: identity.nodeId,
      id: "44".repeat(32) as Digest,
      inReplyTo: null,
      stream: "log",
      incarnation: 5n,
      seq: 1,
      settled: 0,
      sent: 1,
      ttlMs: 1,
      traceparent: "",
      payloadHash: payloadHashOf(payload),
    },
  ]);
  const good = messageFrame.encode({ kind: "message", envelope: envelope as Envelope, payload });
  const mutated = fc
    .tuple(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 }), fc.nat(20))
    .map(([changes, cut]) => {
      const bytes = good.slice(0, good.length - (cut > 15 ? cut : 0));
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 400 })), (bytes) => {
      try {
        expect(toHex(messageFrame.encode(messageFrame.decode(bytes)))).toBe(toHex(bytes));
      } catch (error) {
        expect(codeOf(error)).toMatch(/^WIRE_/);
      }
    }),
    { numRuns: 2_000 },
  );
});
