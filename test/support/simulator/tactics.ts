import type { Application, Effect } from "@meshwork/consensus";
import type { NodeId } from "@meshwork/foundation";
import type { ConsensusMessage } from "@meshwork/protocol";
import type { Archive } from "./archive.ts";
import type { SimulatedNode } from "./node.ts";
import type { ToyLedger } from "./toy-ledger.ts";

/** How a liar differs from an honest node: each part takes the place of the honest one. */
export interface Tactics {
  /** Instead of `node.transmit`. */
  send?(to: NodeId, message: ConsensusMessage): void;
  /** Instead of `node.accept`. */
  receive?(from: NodeId, message: ConsensusMessage): void;
  /** Before an effect is performed. */
  effect?(effect: Effect): void;
  clockOffset?(): number;
  /** What it tells newcomers and light clients. */
  archive?(): Archive;
  application?(ledger: ToyLedger): Application;
}

export interface Adversary {
  /** How many machines share its key and name. @default 1 */
  readonly bodies?: number;
  tactics(node: SimulatedNode): Tactics;
}
