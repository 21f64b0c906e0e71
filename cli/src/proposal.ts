import { messageOf } from "@meshwork/foundation";
import { type NetworkProposal, networkProposal } from "@meshwork/protocol";
import { CliError } from "./cli-error.ts";

/** What `network propose` was told to change. */
export interface Changes {
  /** JSON of a whole policy, in place of the one in force. */
  policy?: string | undefined;
  /** `name=value`, each on top of that. */
  set?: readonly string[] | undefined;
  protocolVersion?: number | undefined;
}

/**
 * The rules in force with these changes. Pure, so that seats which are told the same want the same bytes.
 * @param now as the API shows them: points as decimal text. @throws CliError `PROPOSAL_INVALID`
 */
export function proposalFrom(
  now: { policy: object; protocolVersion: number },
  { policy, set = [], protocolVersion = now.protocolVersion }: Changes,
): NetworkProposal {
  const base = policy === undefined ? now.policy : parsed(policy);
  const changed = { ...base, ...Object.fromEntries(set.map((text) => assignment(text, base))) };
  try {
    return networkProposal.fromJson(JSON.stringify({ policy: changed, protocolVersion }));
  } catch (cause) {
    throw invalid(messageOf(cause), cause);
  }
}

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch (cause) {
    throw invalid(`the policy is no JSON: ${messageOf(cause)}`, cause);
  }
  throw invalid("the policy is no JSON object");
}

/** A value has the kind that the one in force has: text where that is text. */
function assignment(text: string, base: object): [string, unknown] {
  const [, name = "", value = ""] = /^(\w+)=(.+)$/.exec(text) ?? [];
  const known = Object.entries(base).find(([key]) => key === name);
  if (known === undefined)
    throw invalid(`${text} sets nothing: it is name=value, with one of ${Object.keys(base)}`);
  return [name, typeof known[1] === "number" ? Number(value) : value];
}

const invalid = (why: string, cause?: unknown) =>
  new CliError(
    "PROPOSAL_INVALID",
    `this cannot be proposed: ${why}; meshwork network support shows the rules in force`,
    cause === undefined ? {} : { cause },
  );

/** Which of the two differ, and how. */
export function differences(now: object, wanted: object): string[] {
  const before = new Map<string, unknown>(Object.entries(now));
  return Object.entries(wanted)
    .filter(([name, value]) => String(before.get(name)) !== String(value))
    .map(([name, value]) => `${name} ${String(before.get(name))} → ${String(value)}`);
}
