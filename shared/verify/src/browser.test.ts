import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { Actors, JobPlay, jobOf, TestNetwork, testMember } from "@meshwork/ledger/testing";
import {
  genesis,
  handOverChain,
  jobReceipt,
  jobReceiptRoot,
  receipt as receiptWire,
  stateClaim,
} from "@meshwork/protocol";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";

/** What a browser gives, and nothing of Node. */
const browserGlobals = { TextEncoder, TextDecoder, URL, console };

test("the checkers of receipts and of state run where there is no Node: bundled for a browser, they say the same", async () => {
  const bundle = await rolldown({
    input: fileURLToPath(new URL("./index.ts", import.meta.url)),
    platform: "browser",
  });
  const { output } = await bundle.generate({ format: "iife", name: "verify" });
  await bundle.close();
  const [{ code, imports }] = output;
  expect(imports).toEqual([]);
  expect(code).not.toMatch(/["']node:/);

  const network = new TestNetwork({ members: 6, policy: { epochMs: 60_000, handOverMs: 20 } });
  const actors = new Actors(network);
  const orderId = actors.order();
  actors.finish(orderId);
  network.passEpoch();
  network.step({ view: 1 });
  const job = new JobPlay(network).receipt(jobOf(network));
  const swapped = { ...job, parts: job.parts.toReversed() };
  const context = createContext({
    job: jobReceipt.encode(job),
    swapped: jobReceipt.encode({ ...swapped, root: jobReceiptRoot(swapped) }),
    ...browserGlobals,
    receipt: receiptWire.encode(network.receiptOf(orderId)),
    forged: receiptWire.encode(network.receiptOf(orderId)).with(2_000, 0x55),
    account: stateClaim.encode(network.claimOf("account", network.requester.nodeId)),
    absent: stateClaim.encode(network.claimOf("account", testMember("nobody").nodeId)),
    bare: receiptWire.encode({ ...network.receiptOf(orderId), handOver: [] }),
    handOver: handOverChain.encode({ handOvers: network.handOvers }),
    genesis: genesis.encode(network.genesis),
    Uint8Array,
  });
  runInContext(`${code}; globalThis.verify = verify;`, context);
  const verdictOn = (name: string) =>
    runInContext(`verify.verifyReceipt(${name}, { genesis, now: 0 })`, context);
  const ofJob = (name: string) =>
    runInContext(`verify.verifyJobReceipt(${name}, { genesis, now: 0 })`, context);
  expect(ofJob("job")).toMatchObject({ ok: true, failures: 0 });
  expect(ofJob("swapped")).toMatchObject({ ok: false, code: "WRONG_PART" });
  expect(verdictOn("receipt")).toMatchObject({ ok: true, outcome: "verified" });
  expect(verdictOn("forged")).toMatchObject({ ok: false });
  expect(verdictOn("bare")).toMatchObject({ ok: false, code: "WRONG_EPOCH" });
  expect(
    runInContext("verify.verifyReceipt(bare, { genesis, now: 0, handOver })", context),
  ).toMatchObject({ ok: true, outcome: "verified" });
  const stateOf = (name: string) =>
    runInContext(`verify.verifyState(${name}, { genesis, now: 0 })`, context);
  expect(stateOf("account")).toMatchObject({ ok: true, kind: "account" });
  expect(stateOf("absent")).toMatchObject({ ok: true, value: null });
});
