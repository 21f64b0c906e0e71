import { judgesOf, type ProofOfTask, type TaskRecord } from "@meshwork/protocol";
import type { Draft } from "../draft.ts";
import { decideAppeal } from "./appeal.ts";
import { concludeByVerifiers } from "./conclude.ts";
import { concludeByPanel } from "./conclude-by-panel.ts";

/** A proof that was checked: what it says is done, according to who says it. */
export function concludeByProof(draft: Draft, task: TaskRecord, proof: ProofOfTask): void {
  if (task.conclusion !== null) decideAppeal(draft, task, proof);
  else if (judgesOf(task).isPanel) concludeByPanel(draft, task, proof);
  else concludeByVerifiers(draft, task, proof);
}
