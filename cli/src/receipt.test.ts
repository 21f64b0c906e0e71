import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Actors, standingNetwork } from "@meshwork/ledger/testing";
import { genesis as genesisWire, receipt } from "@meshwork/protocol";
import { afterAll, expect, test } from "vitest";
import { run } from "./main.ts";

const folder = mkdtempSync(join(tmpdir(), "meshwork-receipt-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What `receipt verify` answers about these bytes. */
async function verified(bytes: Uint8Array): Promise<Record<string, unknown>> {
  const out: string[] = [];
  const file = join(folder, "task.receipt");
  writeFileSync(file, bytes);
  const genesis = join(folder, "genesis.json");
  const streams = { out: (text: string) => void out.push(text), err: () => {} };
  await run(["--json", "receipt", "verify", file, "--genesis", genesis], streams);
  return JSON.parse(out.join(""));
}

test("a task that ends after two changes of the committee has a receipt that the genesis alone verifies", async () => {
  const network = standingNetwork();
  writeFileSync(join(folder, "genesis.json"), genesisWire.toJson(network.genesis));
  while (network.header.epoch < 2) network.passEpoch();
  const actors = new Actors(network);
  const orderId = actors.order();
  actors.finish(orderId);
  network.step({ view: 1 });

  const made = network.receiptOf(orderId);
  expect(made.header.epoch).toBeGreaterThanOrEqual(2);
  const facts = { kind: "receipt", orderId, outcome: "verified", height: made.header.height };
  expect(await verified(receipt.encode(made))).toMatchObject(facts);
  const cut = { ...made, handOver: made.handOver.slice(1) };
  expect(await verified(receipt.encode(cut))).toMatchObject({ code: "RECEIPT_INVALID" });
});
