import { fromUtf8 } from "@meshwork/foundation";
import type { Dispatch } from "@meshwork/protocol";
import { z } from "zod";
import { holdersOf } from "../assignment.ts";
import type { HostTask } from "../runtime/runtime.ts";
import { fetchContent, fetchTask } from "../worker/fetch-inputs.ts";
import { recordWorld } from "../worker/outside/record-world.ts";
import type { Claim } from "./read-claims.ts";
import { runAlone } from "./run-alone.ts";
import type { Verification, VerifierParts } from "./verify-task.ts";

/** What a rubric returns; it may say more. */
const judgement = z.object({ pass: z.boolean() });

/**
 * Whether an output will do, as this verifier sees it: the contract's rubric reads the output and the
 * inputs, and may ask what the program might ask, this verifier's own model above all. A rubric that
 * fails does not let pass.
 */
export async function passesRubric(
  parts: VerifierParts,
  { task, signal }: Verification,
  { claim, claims, dispatch }: { claim: Claim; claims: readonly Claim[]; dispatch: Dispatch },
): Promise<boolean> {
  const { rubric, outside, limits } = dispatch.contract;
  if (rubric === null) return false;
  const from = { hints: holdersOf(task, parts.me), signal };
  const { inputs } = await fetchTask(parts.blobs, dispatch, from);
  const bytes = await fetchContent(parts.blobs, dispatch, { ...from, ref: rubric });
  const judging: HostTask = {
    program: { runtime: "js-qjs-v1", bytes },
    inputs: [claim.output, ...inputs],
    limits,
    ...(outside && {
      mayAsk: true,
      world: recordWorld(
        { clock: parts.clock, services: parts.outside.services },
        // For all claims together, a quarter of the time for the verdict.
        { outside, signal, withinMs: task.order.deadlines.deliverMs / (4 * claims.length) },
      ),
    }),
  };
  const { fault, output } = await runAlone(parts, judging, signal);
  const said = fault === null ? judgement.safeParse(jsonIn(output)) : null;
  return said?.data?.pass ?? false;
}

function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch {
    return null;
  }
}
