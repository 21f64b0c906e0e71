import type { OrderId } from "@meshwork/foundation";
import { expect, test } from "vitest";
import { renewal } from "./testing/identities.ts";
import { Actors, TestNetwork } from "./testing/index.ts";

test("a block makes no more draws than it has time for; the rest are owed at the next ones", () => {
  const network = new TestNetwork({ members: 8 });
  network.step({ view: 1 });
  // Room for all: none has to wait for a free place.
  for (const member of network.members)
    network.put(renewal(network, member, { capacity: 1_024, cpus: 64 }));
  network.step();
  const actors = new Actors(network);
  const orders: OrderId[] = Array.from({ length: 70 }, () => actors.send());
  const waiting = () => orders.filter((id) => network.state.task(id)?.phase === "submitted").length;
  const counts: number[] = [];
  do {
    network.step();
    counts.push(waiting());
  } while (waiting() > 0);
  // They stand on the ledger; a second seat has to propose; then they are drawn.
  expect(counts).toEqual([70, 70, 38, 6, 0]);
});
