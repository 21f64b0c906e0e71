import type { Evidence } from "@meshwork/consensus";
import type { Block, Certificate, ConsensusMessage } from "@meshwork/protocol";
import type { SimulatedNode } from "./node.ts";

/** Looks at all that honest nodes do, and throws `PromiseBroken` when it is not what was promised. */
export interface Watcher {
  /** A message leaves a node, for good. */
  released?(node: SimulatedNode, message: ConsensusMessage): void;
  /** A node takes an N- or X-certificate for valid. */
  learned?(node: SimulatedNode, certificate: Certificate): void;
  committed?(node: SimulatedNode, block: Block, certificate: Certificate): void;
  accused?(node: SimulatedNode, evidence: Evidence): void;
  forked?(node: SimulatedNode): void;
}

export class PromiseBroken extends Error {
  override readonly name = "PromiseBroken";
  readonly promise: string;

  constructor(promise: string, text: string) {
    super(`${promise}: ${text}`);
    this.promise = promise;
  }
}
