import { limits } from "@meshwork/foundation";
import { drawHorizon } from "./beacon.ts";
import type { Draft } from "./draft.ts";
import { electIfDue } from "./pass-epoch.ts";
import { meetDeadline } from "./task/deadlines.ts";
import { drawTask } from "./task/draw-task.ts";
import { forgetWhatIsOver } from "./task/forget.ts";
import { endUndone } from "./task/give-up.ts";

/**
 * Bounds of what one block does by itself. What is left over is owed at the next block. The largest
 * draw among a thousand nodes takes 16 ms, and a block's must be done within a view.
 */
const DRAWS_PER_BLOCK = 32;
const DEADLINES_PER_BLOCK = limits.transactionsPerBlock;
/** More than a block can add, so that expired records never pile up. */
const FORGOTTEN_PER_BLOCK = 2 * limits.transactionsPerBlock;

/** What happens at this block whether or not anybody asks: it comes before the transactions. */
export function doWhatIsDue(draft: Draft): void {
  const { time, activeTime } = draft.at;
  for (const key of first(FORGOTTEN_PER_BLOCK, draft.state.expired(time))) draft.forget(key);
  forgetWhatIsOver(draft);
  electIfDue(draft);
  const horizon = drawHorizon(draft.state.head);
  for (const task of first(DRAWS_PER_BLOCK, draft.state.awaitingDraw(horizon)))
    drawTask(draft, task);
  for (const task of first(DEADLINES_PER_BLOCK, draft.state.due(activeTime)))
    if (task.phase === "submitted") endUndone(draft, task);
    else meetDeadline(draft, task);
}

/** Reads the state as it was at the first call, whatever the loop's body changes meanwhile. */
function* first<T>(count: number, items: Iterable<T>): Generator<T> {
  let left = count;
  for (const item of items) {
    if (left-- === 0) return;
    yield item;
  }
}
