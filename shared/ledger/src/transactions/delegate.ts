import type { BodyOf } from "@meshwork/protocol";
import { contributionOf } from "../contribution.ts";
import { refuse } from "../refusal.ts";
import type { Rule } from "./rule.ts";

/** Contribution cannot be moved, but it can speak for another's candidacy: from the next epoch on. */
export const delegate: Rule<BodyOf<"delegate">> = {
  check({ sender, body: { candidate } }, { state }) {
    if (state.node(sender) === undefined)
      return refuse("NOT_A_NODE", `${sender} is no node: only nodes contribute`);
    // Else who never worked would leave a record for nothing, and be taken for older than his work.
    if (state.get("contribution", sender) === undefined)
      return refuse("NOTHING_CONTRIBUTED", `${sender} has not contributed yet: work first`);
    if (candidate === null) return null;
    if (candidate === sender)
      return refuse("NOT_A_CANDIDATE", `${sender} counts for itself without being told: say null`);
    if (state.node(candidate) === undefined || state.isBlacklisted(candidate))
      return refuse("NOT_A_CANDIDATE", `${candidate} is no node that can be elected`);
    return null;
  },

  apply(draft, { sender, body: { candidate } }) {
    draft.put("contribution", { ...contributionOf(draft.state, sender), nextCandidate: candidate });
  },
};
