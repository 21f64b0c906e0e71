import type { BodyOf } from "@meshwork/protocol";
import { nodeOf } from "../penalties.ts";
import { refuse } from "../refusal.ts";
import type { Rule } from "./rule.ts";

/** A node gives up its lease and is drawn no more. What it holds it must still finish, or lose. */
export const leave: Rule<BodyOf<"leave">> = {
  check({ sender }, { state }) {
    const node = state.node(sender);
    if (node === undefined) return refuse("NOT_A_NODE", `${sender} is no node`);
    return node.lease === null
      ? refuse("NO_LEASE", `${sender} has no lease to give up: it is not drawn anyway`)
      : null;
  },

  apply(draft, { sender }) {
    draft.put("node", { ...nodeOf(draft, sender), lease: null });
    draft.events.push({ kind: "node", nodeId: sender, change: "left" });
  },
};
