import { CodedError, messageOf } from "@meshwork/foundation";
import { type Invite, invite } from "./voucher.ts";

export class InviteError extends CodedError<"INVITE_INVALID"> {}

/** So that people and programs see what it is. */
const PREFIX = "meshwork-invite-1:";

/** One line of text that can be sent by any means; whoever has it may join. */
export const inviteToText = (value: Invite): string =>
  PREFIX +
  btoa(String.fromCharCode(...invite.encode(value)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

export function inviteFromText(text: string): Invite {
  const line = text.trim();
  const body = line.slice(PREFIX.length);
  // Twice the longest: nothing larger is looked at.
  if (!line.startsWith(PREFIX) || !/^[\w-]{1,16384}$/.test(body))
    throw invalid(`it does not begin with ${PREFIX}, or holds other characters than it may`);
  try {
    const binary = atob(body.replaceAll("-", "+").replaceAll("_", "/"));
    return invite.decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
  } catch (cause) {
    throw invalid(messageOf(cause), cause);
  }
}

/** The text is a bearer token: no part of it is repeated. */
function invalid(reason: string, cause?: unknown): InviteError {
  return new InviteError(
    "INVITE_INVALID",
    `this is no invite string: ${reason}; copy the whole line that meshwork network create wrote`,
    { cause },
  );
}
