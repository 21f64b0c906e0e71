import type { BlockHash } from "@meshwork/foundation";
import { type Proposal, quorumOf } from "@meshwork/protocol";
import { type Certificates, isJustified } from "./justification.ts";
import type { Settings } from "./settings.ts";

/** What I signed, or am about to sign, in one view. */
export interface OwnVotes {
  N: BlockHash | null;
  X: boolean;
  F: BlockHash | null;
}

/**
 * The rules on which agreement and progress rest, each a pure function, in one place: to be read
 * together, and so that the simulator can break them one at a time and must notice.
 */
export interface Rules {
  /** Any two quorums share an honest seat. */
  quorumOf(seats: number): number;
  /** Rule 4: one N in a view, and none after X. */
  mayNotarize(own: OwnVotes): boolean;
  /** Rule 7: never both X(v) and F(v, ·). */
  mayNullify(own: OwnVotes): boolean;
  /** Rules 5 and 7. */
  mayFinalize(own: OwnVotes): boolean;
  /** Rule 3. */
  isJustified(proposal: Proposal, held: Certificates): boolean;
  /** Rule 4: a new block's time, against its parent's and against my clock. */
  isTimely(
    time: number,
    at: { parentTime: number; now: number; view: number },
    settings: Settings,
  ): boolean;
  /** Rule 9, without the grace: linear and without a cap. */
  timeoutMs(view: number, settings: Settings): number;
}

export const simplexRules: Rules = {
  quorumOf,
  mayNotarize: (own) => own.N === null && !own.X,
  mayNullify: (own) => !own.X && own.F === null,
  mayFinalize: (own) => own.F === null && !own.X,
  isJustified,
  isTimely: (time, { parentTime, now, view }, settings) =>
    time > parentTime &&
    Math.abs(time - now) <= settings.clockSkewMs + simplexRules.timeoutMs(view, settings),
  timeoutMs: (view, settings) => settings.baseTimeoutMs * (1 + view / 2),
};
