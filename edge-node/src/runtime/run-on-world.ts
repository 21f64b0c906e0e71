import { limits } from "@meshwork/foundation";
import type { Answered, HostTask, Segment } from "./runtime.ts";
import { SandboxError } from "./sandbox-error.ts";
import { encodeSegment, type SandboxReply } from "./sandbox-messages.ts";
import type { SandboxProcess } from "./sandbox-process.ts";

/** Escaped, a character of JSON takes six bytes at most. */
const ASKING_BYTES = 6 * limits.requestCharacters;

/**
 * Runs a step to its end. The sandbox never waits: a step that asks the world what it was not told stops
 * there, and is run again from its beginning with the answers. So the run that counts is the very one
 * that everybody repeats who has the transcript.
 */
export async function runOnWorld(
  child: Pick<SandboxProcess, "ask">,
  { limits: { stateBytes, outputBytes }, world }: Pick<HostTask, "limits" | "world">,
  segment: Segment,
): Promise<SandboxReply> {
  const replyBytes = stateBytes + outputBytes + (world === undefined ? 0 : ASKING_BYTES);
  const answers: Answered[] = [];
  for (;;) {
    const asked = { ...segment, ...(world === undefined ? {} : { answers }) };
    const reply = await child.ask(encodeSegment(asked), replyBytes);
    if (reply.kind !== "asks" || world === undefined) return reply;
    const { requests } = reply;
    // A program that asks more faults within the sandbox: a child that passes it on was taken over.
    if (answers.length + requests.length > limits.exchangesPerTask)
      throw new SandboxError(
        "CHILD_LIES",
        `the child asks more than ${limits.exchangesPerTask} times in a step`,
      );
    const said = await world.answer(requests);
    answers.push(...requests.map((request, i) => ({ request, answer: said[i] as string })));
  }
}
