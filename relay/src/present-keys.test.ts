import { generateKeyPair, nodeIdOf } from "@meshwork/crypto";
import { fromUtf8, type NodeId, systemClock } from "@meshwork/foundation";
import { rotation, TestNetwork } from "@meshwork/ledger/testing";
import { stateClaim, stateKey } from "@meshwork/protocol";
import { anchorOf } from "@meshwork/verify";
import { expect, test } from "vitest";
import { presentKeys } from "./present-keys.ts";

const network = new TestNetwork();
const member = network.members[0] as (typeof network.members)[number];
const first = member.keyPair.publicKey;
const before = shown();
network.put(rotation(network, member));
network.step();
network.step({ view: 1 });
const after = shown();
const second = network.state.account(member.nodeId)?.publicKey as typeof first;

/** The member's account under the newest block, as any node shows it. */
function shown(): Uint8Array {
  if (network.lastCommit === null) network.step({ view: 1 });
  const { state, header, lastCommit } = network;
  return stateClaim.encode({
    ...{ version: 1, kind: "account", id: member.nodeId },
    value: state.leaf(stateKey("account", member.nodeId)).value?.subarray(1) ?? null,
    path: state.prove("account", member.nodeId),
    ...{ header, certificate: lastCommit as never, handOver: [] },
  });
}

function relay(answers: () => readonly Uint8Array[]) {
  const asked: NodeId[] = [];
  let now = 0;
  const keyOf = presentKeys({
    headers: { height: 1, anchorOf: (epoch) => (epoch === 0 ? anchorOf(network.genesis) : null) },
    connected: () => answers().map((_, i) => String(i) as NodeId),
    clock: { ...systemClock, now: () => network.header.time, monotonic: () => now },
    messaging: {
      async request(witness, _name, payload) {
        asked.push(fromUtf8(payload) as NodeId);
        return answers()[Number(witness)] as Uint8Array;
      },
    },
  });
  const later = async () => {
    now += 3_000;
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { keyOf, asked, later };
}

test("a node's first key needs nobody's word", () => {
  const { keyOf, asked } = relay(() => [after]);
  expect(keyOf(member.nodeId, first)).toBeUndefined();
  expect(nodeIdOf(first)).toBe(member.nodeId);
  expect(asked).toEqual([]);
});

test("a key that the ledger has since is believed once it was proved, and the one before no more", async () => {
  const { keyOf, later } = relay(() => [before, after]);
  expect(keyOf(member.nodeId, second)).toBeUndefined();
  await expect.poll(() => keyOf(member.nodeId, second)).toBe(second);
  await later();
  expect(keyOf(member.nodeId, first)).toBe(second);
});

test("a key that nobody can prove is not believed, and asked for once in a while", async () => {
  const { keyOf, asked, later } = relay(() => [after, new Uint8Array(40)]);
  const stranger = generateKeyPair().publicKey;
  for (let i = 0; i < 20; i++) expect(keyOf(member.nodeId, stranger)).not.toBe(stranger);
  expect(asked).toHaveLength(2);
  await later();
  expect(keyOf(member.nodeId, stranger)).toBe(second);
  expect(asked).toHaveLength(4);
});
