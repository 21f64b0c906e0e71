export { activeTimeAt, type Moment, nextMoment } from "./active-time.ts";
export {
  type AppliedBlock,
  applyBlock,
  type BlockGround,
  type BuiltBlock,
  buildBlock,
  type InvalidBlock,
  type Proposal,
} from "./apply-block.ts";
export { checkTransaction } from "./apply-transaction.ts";
export { beaconInput } from "./beacon.ts";
export type { BlockRefusal } from "./check-header.ts";
export { assertConserved, pointsOf } from "./conservation.ts";
export { contributionOf } from "./contribution.ts";
export { isExecutable, nextOwedTime, owedAt } from "./demand.ts";
export type { LedgerEvent } from "./draft.ts";
export { leaderOrder } from "./elect-committee.ts";
export { isNewcomer } from "./eligibility.ts";
export type { Contribution, Epoch } from "./epoch-records.ts";
export { bondOf, costOfSubmit, priceOfRun, type Split, splitOf, worstCaseOf } from "./escrow.ts";
export { FoundingError, foundAnew } from "./found-anew.ts";
export { applyGenesis, checkGenesis, GenesisError } from "./genesis.ts";
export { requireKnownProtocol, UnknownProtocolError } from "./protocol-version.ts";
export type { Account, Head, Lease, NodeState } from "./records.ts";
export { readAccount } from "./records.ts";
export { isForgery, type Refusal, type RefusalCode } from "./refusal.ts";
export { reputationOf } from "./reputation.ts";
export { quantileOf, reputationTableDigest } from "./reputation-quantile.ts";
export { type LeafChange, State, StateError } from "./state.ts";
export { believingChecks, type Checks, type Ground, realChecks } from "./transactions/rule.ts";
export type { Because, Evidence, Rule as WhyRule, Why } from "./why.ts";
