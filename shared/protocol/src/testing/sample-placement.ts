import type { SignedNearness } from "../nearness.ts";
import type { Placement } from "../placement.ts";
import { node, sampleChain, signature } from "./sample-ids.ts";

/** Samples of where a node stands, and of where an order should be done; see `samples.ts`. */

export const samplePlacement: Placement = {
  runtime: "js-qjs-v1",
  memoryMiB: 256,
  region: "eu-north",
  onlyThere: true,
  latencyClass: 1,
};

export const sampleNearness: SignedNearness = {
  body: {
    chainId: sampleChain,
    node,
    by: node,
    region: "eu-north",
    latencyClass: 1,
    time: 1_790_000_000_000,
  },
  signature: signature(41),
};
