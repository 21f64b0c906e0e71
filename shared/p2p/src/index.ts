export type { BroadcastHandler, Broadcasting } from "./broadcast.ts";
export type {
  Channel,
  Channels,
  KeepOptions,
  KeptChannel,
  OpenOptions,
} from "./channels.ts";
export { type Admission, openAdmission } from "./check-record.ts";
export type { Discovery } from "./discovery.ts";
export {
  type DeliveryFailure,
  type EnvelopeRefusal,
  type HelloRefusal,
  P2pError,
  type P2pErrorCode,
} from "./errors.ts";
export type { FrameOptions, FrameStream } from "./frames.ts";
export { createIdentity, type Identity, type IdentityOptions } from "./identity.ts";
export type { Message, StreamHandlers, Verdict } from "./message.ts";
export { MAX_PAYLOAD_BYTES } from "./message-frame.ts";
export type { Messaging, RequestOptions, SendOptions } from "./messaging.ts";
export { createP2p, type P2p, type P2pOptions, type P2pParts } from "./p2p.ts";
export type { Peers } from "./peers.ts";
export type { RelayGate } from "./relay-gate.ts";
