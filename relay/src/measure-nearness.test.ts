import { generateKeyPair, nodeIdOf } from "@meshwork/crypto";
import { type ChainId, type NodeId, systemClock, systemRandom } from "@meshwork/foundation";
import { requestNames, signedNearness, verifyNearness } from "@meshwork/protocol";
import { expect, test } from "vitest";
import { measureNearness } from "./measure-nearness.ts";

const keyPair = generateKeyPair();
const me = nodeIdOf(keyPair.publicKey);
const chainId = "01".repeat(32) as ChainId;
const node = "2node" as NodeId;

/** A relay whose probes take so long, of a node that answers them so; and what it says when it is asked. */
function relay(tookMs: number, answer = (question: Uint8Array) => question) {
  let now = 1_000;
  let probes = 0;
  let ask: ((from: NodeId) => Promise<Uint8Array> | Uint8Array) | undefined;
  measureNearness(
    {
      ...{ me, chainId, keyPair, random: systemRandom },
      clock: { ...systemClock, monotonic: () => now },
      messaging: {
        handle(name, { onRequest }) {
          if (name === requestNames.nearness && onRequest)
            ask = (from) => onRequest({ from, payload: new Uint8Array(0) } as never);
          return () => {};
        },
        async request(_to, _name, question) {
          probes++;
          now += tookMs;
          return answer(question);
        },
      },
    },
    "eu-north",
  );
  return {
    async word() {
      return signedNearness.decode((await ask?.(nodeIdOf(keyPair.publicKey))) as Uint8Array);
    },
    pass(ms: number) {
      now += ms;
    },
    get probes() {
      return probes;
    },
  };
}

test.each([
  [2, 0],
  [10, 0],
  [39, 1],
  [150, 2],
  [151, 3],
])(
  "a node that answers within %i ms is of class %i, in the relay's own region",
  async (ms, latencyClass) => {
    const word = await relay(ms).word();
    expect(word.body).toMatchObject({ by: me, chainId, region: "eu-north", latencyClass });
    expect(verifyNearness(keyPair.publicKey, word)).toBe(true);
    const other = { ...word, body: { ...word.body, node } };
    expect(verifyNearness(keyPair.publicKey, other)).toBe(false);
  },
);

test("who answers what was not asked, as one who answers before he is asked must, is as far as can be", async () => {
  const { word } = relay(1, () => new Uint8Array(16));
  expect((await word()).body.latencyClass).toBe(3);
});

test("who asks again at once gets the same word, and costs no probes", async () => {
  const asked = relay(1);
  const first = await asked.word();
  const { probes } = asked;
  expect(await asked.word()).toEqual(first);
  expect(asked.probes).toBe(probes);
  asked.pass(60_000);
  await asked.word();
  expect(asked.probes).toBe(2 * probes);
});
