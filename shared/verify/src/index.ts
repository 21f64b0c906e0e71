export {
  type Anchor,
  anchorOf,
  anchorOfCheckpoint,
  anchorOfSuccessor,
  type Checkpoint,
  type Trust,
  trustIn,
} from "./anchor.ts";
export { anchorAt, checkpointFromText, checkpointText, type NamedBlock } from "./checkpoint.ts";
export { followHandOver, followHandOvers } from "./follow-hand-overs.ts";
export { follow, type LightClient, lightClientFrom, type Shown } from "./light-client.ts";
export type { Refusal, RefusalCode } from "./refusal.ts";
export type { Risk } from "./risk.ts";
export { verifyCertificate } from "./verify-certificate.ts";
export {
  type VerifiedJob,
  type VerifiedPart,
  verifyJobReceipt,
} from "./verify-job-receipt.ts";
export { type ReceiptCheck, type VerifiedReceipt, verifyReceipt } from "./verify-receipt.ts";
export { type VerifiedState, verifyState } from "./verify-state.ts";
