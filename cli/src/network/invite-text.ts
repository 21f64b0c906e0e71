import { CodedError, messageOf } from "@meshwork/foundation";
import { type Invite, invite } from "@meshwork/protocol";

export class InviteError extends CodedError<"INVITE_INVALID"> {}

/** So that people and programs see what it is. */
const PREFIX = "meshwork-invite-1:";

/** One line of text that can be sent by any means; whoever has it may join. */
export const inviteToText = (value: Invite): string =>
  PREFIX + Buffer.from(invite.encode(value)).toString("base64url");

export function inviteFromText(text: string): Invite {
  const line = text.trim();
  const body = line.slice(PREFIX.length);
  if (!line.startsWith(PREFIX) || !/^[\w-]*$/.test(body))
    throw invalid(`it does not begin with ${PREFIX}, or holds other characters than it may`);
  try {
    return invite.decode(Buffer.from(body, "base64url"));
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
