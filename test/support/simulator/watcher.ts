import type { Evidence } from "@meshwork/consensus";
import type { Block, Certificate, ConsensusMessage, Header } from "@meshwork/protocol";
import type { LightClient } from "./light-client.ts";
import type { SimulatedNode } from "./node.ts";
import type { Snapshot } from "./snapshot.ts";

/** Looks at all that honest nodes do, and throws `PromiseBroken` when it is not what was promised. */
export interface Watcher {
  /** A message leaves a node, for good. */
  released?(node: SimulatedNode, message: ConsensusMessage): void;
  /** A node takes an N- or X-certificate for valid. */
  learned?(node: SimulatedNode, certificate: Certificate): void;
  committed?(node: SimulatedNode, block: Block, certificate: Certificate): void;
  /** A node goes on from a snapshot. */
  joined?(node: SimulatedNode, snapshot: Snapshot): void;
  /** A node lost its disk. */
  lost?(node: SimulatedNode): void;
  /** A light client believes a header. */
  followed?(client: LightClient, header: Header): void;
  /** All is at rest. */
  settled?(): void;
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
