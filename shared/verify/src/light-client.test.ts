import { TestNetwork } from "@meshwork/ledger/testing";
import type { FinalizedBlock } from "@meshwork/protocol";
import { expect, test } from "vitest";
import { anchorOf, follow, type LightClient, lightClientFrom } from "./index.ts";

const network = new TestNetwork({ members: 4 });
for (let i = 0; i < 6; i++) network.step({ view: 1 });
const shown = network.blocks.map(({ block, certificate }: FinalizedBlock) => ({
  header: block.header,
  certificate,
}));
const at = (height: number) => shown[height - 1] as (typeof shown)[number];
const fresh = () => lightClientFrom(anchorOf(network.genesis));
const after = (...heights: number[]): LightClient =>
  heights.reduce<LightClient>((client, height) => {
    const next = follow(client, at(height));
    if (!next.ok) throw new Error(next.reason);
    return next;
  }, fresh());

test("a light client follows the headers, and may skip some", () => {
  expect(after(1, 2, 3).head?.height).toBe(3);
  expect(after(2, 6).head?.height).toBe(6);
});

test("a light client never goes back, and never takes a height twice", () => {
  for (const height of [1, 3])
    expect(follow(after(3), at(height))).toMatchObject({ code: "NOT_NEWER" });
});

test("a light client refuses a header that its certificate is not of", () => {
  const { header, certificate } = at(2);
  const forged = { ...header, stateRoot: at(1).header.stateRoot };
  expect(follow(fresh(), { header: forged, certificate })).toMatchObject({ code: "WRONG_BLOCK" });
  const view = { ...certificate, ballot: { ...certificate.ballot, view: 0 } };
  expect(follow(fresh(), { header, certificate: view })).toMatchObject({ code: "WRONG_BLOCK" });
  const notarized = { ...certificate, ballot: { ...certificate.ballot, kind: "N" as const } };
  expect(follow(fresh(), { header, certificate: notarized })).toMatchObject({
    code: "WRONG_BLOCK",
  });
  const later = { ...certificate, ballot: { ...certificate.ballot, view: 5 } };
  expect(follow(fresh(), { header, certificate: later })).toMatchObject({ code: "NO_QUORUM" });
});

test("a light client refuses a quorum that one seat fills twice", () => {
  const { header, certificate } = at(2);
  const [first, second] = certificate.signatures;
  const padded = { ...certificate, signatures: [first, second, second], seats: [0, 1, 1] };
  expect(follow(fresh(), { header, certificate: padded as typeof certificate })).toMatchObject({
    code: "NO_QUORUM",
  });
});

test("a light client refuses another network and another epoch", () => {
  const other = lightClientFrom(anchorOf({ ...network.genesis, name: "other" }));
  expect(follow(other, at(1))).toMatchObject({ code: "WRONG_CHAIN" });
  const { header, certificate } = at(1);
  const later = { header: { ...header, epoch: 1 }, certificate };
  expect(follow(fresh(), later)).toMatchObject({ code: "WRONG_EPOCH" });
});
