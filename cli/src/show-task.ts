import type { TaskState } from "@meshwork/api/client";
import type { NodeId } from "@meshwork/foundation";

/** A node's name for people. */
export type NameOf = (node: NodeId) => string;

/** A task's state as one line for people: what it is, and what happens in it. */
function describeState(state: TaskState, nameOf: NameOf): { stage: string; what: string } {
  switch (state.kind) {
    case "pending":
      return { stage: "pending", what: "on its way to the ledger" };
    case "submitted":
      return {
        stage: "submitted",
        what: `on the ledger, its price in escrow; waits for ${state.queued ? "busy nodes to come free" : "the draw"}`,
      };
    case "running":
      return { stage: "running", what: runningLine(state, nameOf) };
    case "closed":
      return { stage: "closed", what: "results committed; now they are revealed and compared" };
    case "audit":
      return { stage: "audit", what: auditLine[state.mode] };
    case "panel":
      return { stage: "panel", what: panelLine[state.cause] };
    case "done":
      return { stage: state.outcome, what: doneLine(state) };
  }
}

function runningLine(state: TaskState & { kind: "running" }, nameOf: NameOf): string {
  const names = (places: TaskState["workers"]) =>
    places.length === 0 ? "nobody yet" : places.map(({ node }) => nameOf(node)).join(", ");
  return `${names(state.workers)} work${stepsLine(state)}; ${names(state.verifiers)} verify`;
}

/** Shows states as they come, and of several that read alike only the first. */
export function stateTeller(
  show: (stage: string, what: string) => void,
  nameOf: NameOf,
): (state: TaskState) => void {
  let last = "";
  return (state) => {
    const { stage, what } = describeState(state, nameOf);
    if (`${stage} ${what}` === last) return;
    last = `${stage} ${what}`;
    show(stage, what);
  };
}

/** For whoever has no genesis at hand: the end of a NodeId tells a few nodes apart. */
export const shortName: NameOf = (node) => `…${node.slice(-6)}`;

/** How far the slowest is, in quarters: a line for each step would be a wall of them. */
function stepsLine({ progress, workers }: TaskState & { kind: "running" }): string {
  if (progress.length < workers.length) return "";
  const shares = progress.map(({ stepsDone, steps }) => stepsDone / Math.max(1, steps));
  const quarters = Math.floor(4 * Math.min(...shares));
  return quarters > 0 ? ` (${25 * quarters} % done)` : "";
}

const auditLine = {
  none: "chance asks for no audit",
  segments: "each verifier executes steps again that he picked in secret",
  full: "each verifier executes all of it again",
} as const;

const panelLine = {
  disagreement: "the verifiers disagree: a panel of others runs all of it again",
  silence: "the verifiers gave no verdict: a panel of others runs all of it again",
  appeal: "under appeal: a larger panel of others runs all of it again",
} as const;

function doneLine({ segments, result }: TaskState & { kind: "done" }): string {
  if (result === null) return "no result";
  const fault = result.fault === null ? "" : `, ended in ${result.fault}`;
  return `${segments.sampled} of ${segments.of} steps executed again, ${result.fuel} fuel${fault}`;
}
