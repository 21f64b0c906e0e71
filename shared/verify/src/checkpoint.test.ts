import type { BlockHash } from "@meshwork/foundation";
import { Actors, candidacy, TestNetwork } from "@meshwork/ledger/testing";
import { headerHash } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { checkpointFromText, checkpointText, verifyReceipt, verifyState } from "./index.ts";

const DAY = 24 * 3_600_000;

/** A network of several epochs; a task was done in the last. */
const network = new TestNetwork({
  members: 8,
  policy: { epochMs: 60_000, committeeSeats: 4, handOverBlocks: 2, handOverMs: 20 },
});
network.step({ view: 1 });
for (const member of network.members) network.put(candidacy(network, member));
network.passEpoch();
network.step({ view: 1 });
const early = network.claimOf("account", network.requester.nodeId);
for (let epoch = 1; epoch < 4; epoch++) network.passEpoch();
const actors = new Actors(network);
const orderId = actors.order();
actors.finish(orderId);
const receipt = network.receiptOf(orderId);
const { handOvers } = network;

describe("a checkpoint that somebody named", () => {
  const old = { genesis: network.genesis, now: network.header.time + 20 * DAY };
  const aged = { ...old, now: network.genesis.time + 22 * DAY };
  const end = (at: number) => {
    const header = handOvers.at(at)?.header;
    if (!header) throw new Error("no such epoch");
    return { height: header.height, hash: headerHash(header) };
  };

  test("makes what follows it young again, and what lies before it no younger", () => {
    const checkpoint = end(-1);
    expect(verifyReceipt(receipt, aged)).toMatchObject({ trust: "valid_historic" });
    const last = handOvers.at(-1)?.header.time ?? 0;
    const now = Math.max(aged.now, last);
    const trustPeriodMs = now - last;
    const check = { ...aged, now, trustPeriodMs, handOver: handOvers };
    expect(verifyReceipt(receipt, check)).toMatchObject({ trust: "valid_historic" });
    expect(verifyReceipt(receipt, { ...check, checkpoint })).toMatchObject({ trust: "valid" });
    expect(verifyState(early, { ...check, checkpoint })).toMatchObject({ trust: "valid_historic" });
  });

  test("is refused when it is not shown, or has another hash", () => {
    const { height, hash } = end(1);
    const check = (checkpoint: { height: number; hash: BlockHash }) =>
      verifyReceipt(receipt, { ...old, checkpoint });
    expect(check({ height: height + 1, hash })).toMatchObject({ code: "NO_CHECKPOINT" });
    expect(check({ height, hash: "ab".repeat(32) as BlockHash })).toMatchObject({
      code: "WRONG_CHECKPOINT",
    });
    expect(check({ height, hash })).toMatchObject({ ok: true });
  });

  test("is passed on as text", () => {
    const { height, hash } = end(0);
    const text = checkpointText(handOvers[0]?.header as never);
    expect(text).toBe(`${height}:${hash}`);
    expect(checkpointFromText(` ${text}\n`)).toEqual({ height, hash });
    for (const wrong of ["", `${height}`, `:${hash}`, `${height}:${hash}0`, `-1:${hash}`])
      expect(checkpointFromText(wrong)).toBeNull();
  });
});
