import { generateKeyPair } from "@meshwork/crypto";
import {
  type ChainId,
  type Clock,
  codeOf,
  type NodeId,
  systemClock,
  systemRandom,
} from "@meshwork/foundation";
import { createMetrics } from "@meshwork/observability";
import { type NodeRecord, streamNames } from "@meshwork/protocol";
import { multiaddr } from "@multiformats/multiaddr";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openAdmission } from "./check-record.ts";
import { framesOver } from "./frames.ts";
import { type HelloMessage, helloMessage } from "./hello.ts";
import { createHost, type Host } from "./host.ts";
import type { Identity } from "./identity.ts";
import type { P2p } from "./p2p.ts";
import { counted, hastyClock, introduce, TestNodes, testIdentity } from "./testing/test-nodes.ts";

/** A host that says what it likes in its hello, or nothing. */
class Liar implements AsyncDisposable {
  readonly host: Host;

  static async as(identity: Identity): Promise<Liar> {
    const recordRules = { namespace: "none", validate: () => {}, select: () => 0 };
    const { transportSeed } = identity;
    const host = await createHost({ transportSeed, listen: [], dht: "client", recordRules });
    await host.start();
    return new Liar(host);
  }

  constructor(host: Host) {
    this.host = host;
  }

  dial(target: P2p) {
    return this.host.dial(target.addresses().map((address) => multiaddr(address)));
  }

  /** Says hello with these bytes; returns what the other side answers. */
  async say(target: P2p, bytes: Uint8Array): Promise<HelloMessage> {
    const connection = await this.dial(target);
    const frames = framesOver(await connection.newStream(streamNames.hello));
    await frames.send(bytes);
    const { value } = await frames[Symbol.asyncIterator]().next();
    await vi.waitFor(() => expect(connection.status).not.toBe("open"));
    return helloMessage.decode(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.stop();
  }
}

const hello = (record: NodeRecord) => helloMessage.encode({ kind: "hello", record });
const clockAt = (offsetMs: number): Clock => ({
  ...systemClock,
  now: () => systemClock.now() + offsetMs,
});
const DAY = 24 * 3_600_000;

/** What a liar says of itself, and from which PeerId. */
type Lie = (self: Identity) => { self?: Identity; bytes: Uint8Array };

async function tell(bob: P2p, make: Lie): Promise<HelloMessage> {
  const { self, bytes } = make(testIdentity());
  await using liar = await Liar.as(self ?? testIdentity());
  return await liar.say(bob, bytes);
}

function lie(change: (record: NodeRecord) => NodeRecord): Lie {
  return (self: Identity) => ({ self, bytes: hello(change(self.recordAt([]))) });
}

describe("a hello is refused, told, counted and its connection closed", () => {
  const flip = (hex: string) => (hex.startsWith("0") ? "1" : "0") + hex.slice(1);
  const cases: Record<string, Lie> = {
    HELLO_OTHER_NETWORK: () => {
      const self = testIdentity({ chainId: "33".repeat(32) as ChainId });
      return { self, bytes: hello(self.recordAt([])) };
    },
    HELLO_WRONG_PEER: () => ({ bytes: hello(testIdentity().recordAt([])) }),
    HELLO_WRONG_KEY: () => {
      const self = testIdentity({ nodeId: testIdentity().nodeId });
      return { self, bytes: hello(self.recordAt([])) };
    },
    HELLO_EXPIRED: () => {
      const self = testIdentity({}, clockAt(-DAY - 60_000));
      return { self, bytes: hello(self.recordAt([])) };
    },
    HELLO_TOO_LONG: () => {
      const self = testIdentity({}, clockAt(60_000));
      return { self, bytes: hello(self.recordAt([])) };
    },
    HELLO_BAD_SIGNATURE: lie((record) => ({
      ...record,
      signature: flip(record.signature) as NodeRecord["signature"],
    })),
    HELLO_MALFORMED: () => ({ bytes: systemRandom.bytes(100) }),
  };
  const nodes = new TestNodes();
  const metrics = createMetrics({ processMetrics: false });
  let bob: P2p;
  beforeAll(async () => {
    bob = await nodes.start({ metrics });
  });
  afterAll(() => nodes[Symbol.asyncDispose]());

  for (const [code, make] of Object.entries(cases))
    test(code, async () => {
      expect(await tell(bob, make)).toEqual({ kind: "refused", code });
      expect(await counted({ metrics }, "hellos_refused")).toContain(`${code} 1`);
      expect(bob.peers.connected()).toEqual([]);
    });

  test("also when the transport key did not sign", async () => {
    const unsigned = lie((record) => ({
      ...record,
      countersignature: flip(record.countersignature) as NodeRecord["countersignature"],
    }));
    const answer = await tell(bob, unsigned);
    expect(answer).toEqual({ kind: "refused", code: "HELLO_BAD_SIGNATURE" });
  });

  test("also when the ledger does not admit the node", async () => {
    const admission = { ...openAdmission, check: () => ({ refused: "revoked" }) };
    const strict = await nodes.start({ admission });
    const answer = await tell(strict, (self) => ({ self, bytes: hello(self.recordAt([])) }));
    expect(answer).toEqual({ kind: "refused", code: "HELLO_NOT_ADMITTED" });
  });
});

test("whom the ledger has barred may be told what is final, and nothing else", async () => {
  await using nodes = new TestNodes();
  const barred = await nodes.start();
  const isBlacklisted = (nodeId: NodeId) => nodeId === barred.nodeId;
  const bob = await nodes.create({ admission: { ...openAdmission, isBlacklisted } });
  const opened: string[] = [];
  for (const [protocol, admitsBlacklisted] of [
    ["/test/blocks", true],
    ["/test/votes", false],
  ] as const)
    await bob.channels.serve(
      protocol,
      ({ nodeId }) => opened.push(`${protocol} ${nodeId === barred.nodeId ? "barred" : "other"}`),
      { admitsBlacklisted },
    );
  bob.messaging.handle("task", { onRequest: () => new Uint8Array(1) });
  await bob.start();
  const other = await nodes.start();
  for (const node of [barred, other]) introduce(node, bob);
  const say = async (node: P2p, protocol: string) => {
    const channel = await node.channels.open(bob.nodeId, protocol);
    await channel.send(new Uint8Array(1));
    return channel;
  };
  const refused = say(barred, "/test/votes").then((votes) => votes[Symbol.asyncIterator]().next());
  await expect(refused).rejects.toThrow();
  await say(barred, "/test/blocks");
  await say(other, "/test/votes");
  await expect.poll(() => opened).toEqual(["/test/blocks barred", "/test/votes other"]);
  const request = (from: P2p) =>
    from.messaging.request(bob.nodeId, "task", new Uint8Array(1), { timeoutMs: 1_500 });
  await expect(request(barred)).rejects.toThrow();
  expect(await request(other)).toEqual(new Uint8Array(1));
});

test("both sides read the same code, and neither is harmed", async () => {
  await using nodes = new TestNodes();
  const stranger = testIdentity({ chainId: "33".repeat(32) as ChainId });
  const [alice, bob, carol] = [
    await nodes.start(),
    await nodes.start(),
    await nodes.start({ identity: stranger }),
  ];
  introduce(carol, bob);
  introduce(alice, bob);
  expect(codeOf(await carol.peers.connect(bob.nodeId).catch((error) => error))).toBe(
    "HELLO_OTHER_NETWORK",
  );
  expect((await alice.peers.connect(bob.nodeId)).unsigned.nodeId).toBe(bob.nodeId);
});

test("a node that replaced its transport key cannot be met under the old one again", async () => {
  const keyPair = generateKeyPair();
  const before = testIdentity({ keyPair }, clockAt(-60_000));
  const after = testIdentity({ keyPair, keyVersion: 1 });
  await using nodes = new TestNodes();
  const bob = await nodes.start();
  bob.book.put(after.recordAt([]));
  await using liar = await Liar.as(before);
  const answer = await liar.say(bob, hello(before.recordAt([])));
  expect(answer).toEqual({ kind: "refused", code: "HELLO_STALE" });
});

test("once the ledger knows a later key, the first one opens nothing", async () => {
  const [first, second] = [generateKeyPair(), generateKeyPair()];
  const { nodeId } = testIdentity({ keyPair: first });
  const admission = { ...openAdmission, keyOf: () => second.publicKey };
  await using nodes = new TestNodes();
  const bob = await nodes.start({ admission });
  await using liar = await Liar.as(testIdentity({ keyPair: first }));
  const old = testIdentity({ keyPair: first });
  expect(await liar.say(bob, hello(old.recordAt([])))).toMatchObject({ kind: "refused" });
  const rotated = await nodes.start({ identity: testIdentity({ keyPair: second, nodeId }) });
  introduce(rotated, bob);
  await rotated.peers.connect(bob.nodeId);
  await vi.waitFor(() => expect(bob.peers.connected()).toEqual([nodeId]));
});

test("who skips the hello gets nothing, and is sent away", async () => {
  await using nodes = new TestNodes();
  const metrics = createMetrics({ processMetrics: false });
  const bob = await nodes.start({ clock: hastyClock, metrics });
  let reached = false;
  bob.messaging.handle("echo", {
    onRequest: ({ payload }) => {
      reached = true;
      return payload;
    },
  });
  await using liar = await Liar.as(testIdentity());
  const connection = await liar.dial(bob);
  const frames = framesOver(
    await connection.newStream(streamNames.messages, { signal: AbortSignal.timeout(5_000) }),
  );
  await frames.send(systemRandom.bytes(1_000));
  const answers: Uint8Array[] = [];
  for await (const frame of frames) answers.push(frame);
  expect(answers).toEqual([]);
  await vi.waitFor(() => expect(connection.status).not.toBe("open"));
  expect(reached).toBe(false);
  expect(await counted({ metrics }, "hellos_refused")).toEqual(["HELLO_TIMEOUT 1"]);
});
