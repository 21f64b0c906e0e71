import type { Clock } from "@meshwork/foundation";
import type { Outside, Transcript } from "@meshwork/protocol";
import type { Assignment } from "../../assignment.ts";
import type { TaskRun } from "../../runtime/run-task.ts";
import type { HostTask } from "../../runtime/runtime.ts";
import { recordWorld } from "./record-world.ts";
import { replayWorld } from "./replay-world.ts";
import type { Services } from "./services.ts";
import type { TranscriptBook } from "./transcript-book.ts";

/** What a worker needs to run programs that ask the world. */
export interface OutsideParts {
  services: Services;
  transcripts: TranscriptBook;
}

type WorldOf = Pick<HostTask, "mayAsk" | "world">;

/** Runs a program with the world that its contract grants it; the transcript is null where it grants none. */
export async function runOutside(
  { clock, services, transcripts }: OutsideParts & { clock: Clock },
  { orderId, attempt }: Assignment,
  how: {
    outside: Outside | null;
    signal: AbortSignal;
    /** As `recordWorld` takes it. */
    withinMs: number;
    run(world: WorldOf): Promise<TaskRun>;
  },
): Promise<{ run: TaskRun; transcript: Transcript | null }> {
  const { outside, ...bounds } = how;
  if (outside === null) return { run: await how.run({}), transcript: null };
  const kept = await transcripts.get(orderId, attempt);
  if (kept !== null)
    return { run: await how.run({ mayAsk: true, world: replayWorld(kept) }), transcript: kept };
  const world = recordWorld({ clock, services }, { outside, ...bounds });
  const run = await how.run({ mayAsk: true, world });
  const transcript = world.transcript();
  // Before anything is committed to: nobody hears the same from the world twice.
  await transcripts.put(orderId, attempt, transcript);
  return { run, transcript };
}
