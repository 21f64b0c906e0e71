import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OrderId } from "@meshwork/foundation";
import { Actors, standingNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import { receipt } from "@meshwork/protocol";
import { verifyReceipt } from "@meshwork/verify";
import { expect, test } from "vitest";
import { openChain } from "../chain/store/chain.ts";
import { buildReceipt } from "./build-receipt.ts";

test("a receipt that is made epochs after its task verifies from the genesis alone", async () => {
  const network = standingNetwork();
  const actors = new Actors(network);
  const orderId: OrderId = actors.order();
  actors.finish(orderId);
  for (let i = 0; i < 3; i++) network.passEpoch();
  network.step({ view: 1 });
  const folder = await mkdtemp(join(tmpdir(), "meshwork-receipt-"));
  const { genesis } = network;
  const chain = await openChain({ folder, genesis, log: silentLog });
  try {
    await chain.commitFinal(network.blocks);
    const bytes = await buildReceipt(chain, orderId);
    expect(receipt.decode(bytes as Uint8Array).handOver).toEqual(network.handOvers);
    const checked = verifyReceipt(bytes as Uint8Array, { genesis, now: network.header.time });
    expect(checked).toMatchObject({ ok: true });
  } finally {
    await chain.close();
    await rm(folder, { recursive: true });
  }
});
