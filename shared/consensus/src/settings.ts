import { limits } from "@meshwork/foundation";

/** Milliseconds. All nodes of a network should agree on them; safety does not depend on it. */
export interface Settings {
  /** T0: the timeout of view 0. Several message delays and one execution. @default 1,000 */
  readonly baseTimeoutMs: number;
  /** About two message delays: what the F-certificate needs after the N-certificate. @default 200 */
  readonly graceMs: number;
  /** How often lost messages are made good, while there is demand. @default 250 */
  readonly tickMs: number;
  /** How often an idle node says where it is. @default 5,000 */
  readonly idleStatusMs: number;
  /** Skew between honest clocks that rule 4 tolerates. @default limits.clockSkewMs */
  readonly clockSkewMs: number;
  /** Votes for views further ahead than this are dropped: bounds what liars make us keep. @default 64 */
  readonly viewWindow: number;
}

export const defaultSettings: Settings = {
  baseTimeoutMs: 1_000,
  graceMs: 200,
  tickMs: 250,
  idleStatusMs: 5_000,
  clockSkewMs: limits.clockSkewMs,
  viewWindow: 64,
};
