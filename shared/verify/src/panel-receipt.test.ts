import type { NodeId } from "@meshwork/foundation";
import { Actors, TestNetwork } from "@meshwork/ledger/testing";
import { genesis, receipt as receiptWire } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { verifyReceipt } from "./index.ts";

/** A task whose worker lies, and half of whose verifiers say that he does not. */
describe("a receipt of a task that a panel has judged", () => {
  const network = new TestNetwork({ members: 16, policy: { auditFloor: 65_536 } });
  const actors = new Actors(network);
  const drawn = actors.until(actors.order(), ({ phase }) => phase === "running");
  actors.conduct.set(drawn.workers[0]?.node as NodeId, "lies");
  for (const { node } of drawn.verifiers.slice(0, 2)) actors.conduct.set(node, "acquits");
  actors.finish(drawn.orderId);
  const receipt = network.receiptOf(drawn.orderId);
  const check = (shown: typeof receipt) =>
    verifyReceipt(receiptWire.encode(shown), {
      genesis: genesis.encode(network.genesis),
      now: network.genesis.time + 1_000,
    });

  test("verifies with the genesis alone, and says who judged", () => {
    const verified = check(receipt);
    expect(verified).toMatchObject({ ok: true, outcome: "verified" });
    expect(verified.ok && verified.risk.statement).toMatch(/^A panel of others judged, since/);
    expect(verified.ok && verified.risk.statement).toContain("All 8 segments");
  });

  test("is refused without its proof, and with fewer signatures than the panel's quorum", () => {
    expect(check({ ...receipt, proof: null })).toMatchObject({ code: "PROOF_MISSING" });
    const { proof } = receipt;
    if (proof === null) throw new Error("a panel proves");
    const fewer = { ...proof, attestations: proof.attestations.slice(1) };
    expect(check({ ...receipt, proof: fewer })).toMatchObject({ code: "WRONG_PROOF" });
  });
});
