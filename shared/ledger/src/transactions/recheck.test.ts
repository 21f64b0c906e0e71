import { toHex } from "@meshwork/foundation";
import {
  type BodyOf,
  encodeLeaf,
  picksOf,
  signAttestation,
  type TaskRecord,
  type TraceLeaf,
  tracePath,
} from "@meshwork/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import { accountOf } from "../purses.ts";
import { Actors, seededDigest, TestNetwork, testRun } from "../testing/index.ts";

const { leaves } = testRun(null);

/** A task that is done, and the word of one who attested it with samples of his own making. */
function wordOn(makeUp: boolean) {
  const network = new TestNetwork();
  const actors = new Actors(network);
  const orderId = actors.order();
  const closed = actors.until(orderId, ({ phase }) => phase === "audit");
  const seat = closed.verifiers[0] as TaskRecord["verifiers"][number];
  const verdict = actors.verdictOf(closed);
  const honest = actors.attestationOf(closed, verdict, seat);
  const samples = makeUp
    ? honest.samples.map((_, i) => seededDigest(`made up ${i}`))
    : honest.samples;
  const { keyPair } = network.memberOf(seat.node);
  const shown = { seed: honest.seed, samples };
  const attestation = signAttestation({ verifier: seat.node, keyPair }, verdict, shown);
  const task = actors.finish(orderId);
  const at = picksOf({ verdict, attestation })[0] as number;
  const body: BodyOf<"recheck"> = {
    kind: "recheck",
    verdict,
    attestation,
    leaf: toHex(encodeLeaf(leaves[at] as TraceLeaf)),
    path: tracePath(leaves, at),
  };
  /** Heartbeats until so long after the time for the verdict. */
  const wait = (ms = 0) => {
    const until = (task.verdictDeadline ?? 0) + ms;
    while (network.state.head.activeTime < until) network.step({ elapsedMs: 30_000 });
  };
  return { network, body, seat, wait };
}

describe("samples that were made up", () => {
  let made: ReturnType<typeof wordOn>;
  beforeEach(() => {
    made = wordOn(true);
  });

  test("convict their signer: bond, vesting and trust go, and a tenth to who shows it", () => {
    const { network, body, seat, wait } = made;
    wait();
    const account = () => accountOf(network.state, seat.node);
    const checker = () => accountOf(network.state, network.requester.nodeId).points;
    const [before, had] = [account(), checker()];
    network.send(network.requester, body);
    network.step();
    const seized = before.vesting + 100n;
    expect(account()).toMatchObject({ vesting: 0n, points: before.points - 100n });
    expect(checker() - had).toBe(before.vesting / 10n + 10n);
    expect(seized).toBeGreaterThan(100n);
    expect(network.state.node(seat.node)).toMatchObject({ clean: 0, suspensions: 1 });
  });

  test("convict once, as soon as they are seen: not again, and not for ever", () => {
    const { network, body, wait } = made;
    network.send(network.requester, body);
    network.step();
    expect(network.refused(network.requester, body)).toBe("CONVICTED_ALREADY");
    wait(network.state.policy.suspensionMs);
    expect(network.refused(network.requester, body)).toBe("EVIDENCE_TOO_OLD");
  });

  test("are nobody's but their signer's, and of no other trace", () => {
    const { network, body, wait } = made;
    wait();
    const refused = (change: Partial<typeof body>) =>
      network.refused(network.requester, { ...body, ...change });
    expect(refused({ path: body.path.slice(1) })).toBe("NO_CONTRADICTION");
    const other = network.requester.nodeId;
    expect(refused({ attestation: { ...body.attestation, verifier: other } })).not.toBeUndefined();
    const samples = body.attestation.samples.map(() => seededDigest("slander"));
    expect(refused({ attestation: { ...body.attestation, samples } })).toBe("BAD_SIGNATURE");
    const seed = seededDigest("another seed");
    expect(refused({ attestation: { ...body.attestation, seed } })).not.toBeUndefined();
  });
});

test("who ran his samples cannot be convicted", () => {
  const { network, body, wait } = wordOn(false);
  wait();
  for (const [index, leaf] of leaves.slice(0, -1).entries())
    expect(
      network.refused(network.requester, {
        ...body,
        leaf: toHex(encodeLeaf(leaf)),
        path: tracePath(leaves, index),
      }),
    ).toBe("NO_CONTRADICTION");
});
