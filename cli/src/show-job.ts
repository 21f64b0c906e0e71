import type { JobPart, JobState } from "@meshwork/api/client";

/** A job's state as one line for people; of several that read alike only the first is shown. */
export function jobTeller(show: (stage: string, what: string) => void): (state: JobState) => void {
  let last = "";
  return (state) => {
    const what = describeJob(state);
    if (`${state.kind} ${what}` === last) return;
    last = `${state.kind} ${what}`;
    show(state.kind, what);
  };
}

function describeJob(state: JobState): string {
  switch (state.kind) {
    case "collecting":
      return `${state.missing} objects are not there yet`;
    case "mapping":
      return partsLine(state);
    case "reducing":
      return `${partsLine(state)}; the reduction ${stageOf(state.reduce)}`;
    case "done":
    case "failed":
    case "revoked":
      return state.stop === null ? partsLine(state) : `${partsLine(state)}: ${state.stop.reason}`;
  }
}

/** One sign a part, so that all are seen at once: done, failed, checked, running in tenths, waiting. */
function partsLine({ parts, failures }: JobState): string {
  const done = parts.filter(({ resultHash }) => resultHash !== null).length;
  const failed = failures > 0 ? `, ${failures} failed` : "";
  return `${parts.map(signOf).join("")} ${done} of ${parts.length}${failed}`;
}

function signOf({ stage, resultHash, stepsDone, steps }: JobPart): string {
  switch (stage) {
    case "done":
      return resultHash === null ? "!" : "#";
    case "waiting":
      return ".";
    case "pending":
    case "submitted":
      return "-";
    case "running":
      return steps === 0 ? "0" : String(Math.min(9, Math.floor((10 * stepsDone) / steps)));
    case "closed":
    case "audit":
    case "panel":
      return "?";
  }
}

const stageOf = (part: JobPart | null): string =>
  part === null || part.stage === "waiting" ? "waits" : `is ${part.stage}`;
