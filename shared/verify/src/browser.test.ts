import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { Actors, TestNetwork } from "@meshwork/ledger/testing";
import { genesis, receipt as receiptWire } from "@meshwork/protocol";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";

/** What a browser gives, and nothing of Node. */
const browserGlobals = { TextEncoder, TextDecoder, URL, console };

test("the receipt checker runs where there is no Node: bundled for a browser, it says the same", async () => {
  const bundle = await rolldown({
    input: fileURLToPath(new URL("./index.ts", import.meta.url)),
    platform: "browser",
  });
  const { output } = await bundle.generate({ format: "iife", name: "verify" });
  await bundle.close();
  const [{ code, imports }] = output;
  expect(imports).toEqual([]);
  expect(code).not.toMatch(/["']node:/);

  const network = new TestNetwork({ members: 6 });
  const actors = new Actors(network);
  const orderId = actors.order();
  actors.finish(orderId);
  const context = createContext({
    ...browserGlobals,
    receipt: receiptWire.encode(network.receiptOf(orderId)),
    forged: receiptWire.encode(network.receiptOf(orderId)).with(2_000, 0x55),
    genesis: genesis.encode(network.genesis),
    Uint8Array,
  });
  runInContext(`${code}; globalThis.verify = verify;`, context);
  const verdictOn = (name: string) =>
    runInContext(`verify.verifyReceipt(${name}, { genesis, now: 0 })`, context);
  expect(verdictOn("receipt")).toMatchObject({ ok: true, outcome: "verified" });
  expect(verdictOn("forged")).toMatchObject({ ok: false });
});
