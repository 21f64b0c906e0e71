export { type Anchor, anchorOf } from "./anchor.ts";
export { follow, type LightClient, lightClientFrom } from "./light-client.ts";
export type { Refusal, RefusalCode } from "./refusal.ts";
export type { Risk } from "./risk.ts";
export { verifyCertificate } from "./verify-certificate.ts";
export { type ReceiptCheck, type VerifiedReceipt, verifyReceipt } from "./verify-receipt.ts";
