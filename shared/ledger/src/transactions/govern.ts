import { equalBytes, type NodeId } from "@meshwork/foundation";
import { type BodyOf, type NetworkProposal, networkProposal, quorumOf } from "@meshwork/protocol";
import { policyFlaw } from "../policy-flaw.ts";
import { refuse } from "../refusal.ts";
import type { State } from "../state.ts";
import type { Rule } from "./rule.ts";

/**
 * The seats say what the network shall run by. What more than two thirds of them say within one epoch is
 * adopted, and holds from the next epoch on. A seat may change its mind until then.
 */
export const govern: Rule<BodyOf<"govern">> = {
  check({ sender, body: { proposal } }, { state }) {
    const { epoch, policy, protocolVersion } = state;
    if (!isSeated(state, sender))
      return refuse("NO_SEAT", `${sender} has no seat in epoch ${epoch.number}`);
    if (epoch.adopted !== null)
      return refuse("ADOPTED_ALREADY", `epoch ${epoch.number} has decided: wait for the next`);
    const flaw =
      policyFlaw(proposal.policy, policy) ?? versionFlaw(proposal.protocolVersion, protocolVersion);
    return flaw === null ? null : refuse("UNSOUND_PROPOSAL", flaw);
  },

  apply(draft, { sender, body: { proposal } }) {
    draft.put("stance", { nodeId: sender, proposal });
    const { epoch, committee } = draft.state;
    if (supporters(draft.state, proposal) < quorumOf(committee.seats.length)) return;
    draft.put("epoch", { ...epoch, adopted: proposal });
    draft.events.push({ kind: "epoch", change: "adopted", epoch: epoch.number + 1 });
  },
};

const isSeated = ({ committee }: State, id: NodeId): boolean =>
  committee.seats.some(({ node }) => node === id);

const versionFlaw = (wanted: number, now: number): string | null =>
  wanted === now || wanted === now + 1
    ? null
    : `the rules are of version ${now}: the next is ${now + 1}, not ${wanted}`;

/** Seats of this epoch that last said the very same. */
function supporters(state: State, proposal: NetworkProposal): number {
  const bytes = networkProposal.encode(proposal);
  return state.committee.seats.filter(({ node }) => {
    const stance = state.get("stance", node);
    return stance && equalBytes(networkProposal.encode(stance.proposal), bytes);
  }).length;
}
