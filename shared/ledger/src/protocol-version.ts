import { CodedError } from "@meshwork/foundation";
import type { State } from "./state.ts";

/** The rules that a network begins with. */
export const OLDEST_PROTOCOL = 1;
/** The newest that this software knows. */
const NEWEST_PROTOCOL = 1;

export class UnknownProtocolError extends CodedError<"PROTOCOL_UNKNOWN"> {}

export const isProtocolKnown = ({ protocolVersion }: State): boolean =>
  protocolVersion >= OLDEST_PROTOCOL && protocolVersion <= NEWEST_PROTOCOL;

/** A node that went on by rules that it does not know would vote for what is wrong. @throws UnknownProtocolError */
export function requireKnownProtocol(state: State): void {
  if (isProtocolKnown(state)) return;
  const { epoch, protocolVersion } = state;
  throw new UnknownProtocolError(
    "PROTOCOL_UNKNOWN",
    `since epoch ${epoch.number} this network runs by version ${protocolVersion} of its rules, and this software knows none above ${NEWEST_PROTOCOL}: install newer software and start again`,
    { detail: { epoch: epoch.number, wanted: protocolVersion, known: NEWEST_PROTOCOL } },
  );
}
