import { TestNetwork } from "./network.ts";
import type { TestNetworkOptions } from "./test-genesis.ts";

/** A network whose epochs last a minute and four blocks, in which every member stands for a seat. */
export function standingNetwork(options: TestNetworkOptions = {}): TestNetwork {
  const network = new TestNetwork({
    ...options,
    policy: { epochMs: 60_000, handOverMs: 400, committeeSeats: 4, ...options.policy },
  });
  network.step({ view: 1 });
  network.renewAll();
  network.step();
  return network;
}
