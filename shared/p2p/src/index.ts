export type {
  Channel,
  Channels,
  KeepOptions,
  KeptChannel,
  OpenOptions,
} from "./channels.ts";
export { type Admission, openAdmission } from "./check-record.ts";
export {
  type DeliveryFailure,
  type EnvelopeRefusal,
  type HelloRefusal,
  P2pError,
  type P2pErrorCode,
} from "./errors.ts";
export type { FrameOptions, FrameStream } from "./frames.ts";
export { createIdentity, type Identity, type IdentityOptions } from "./identity.ts";
export { type P2p, type P2pOptions, type P2pParts, startP2p } from "./p2p.ts";
export type { Peers } from "./peers.ts";
