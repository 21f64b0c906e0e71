import { type Clock, limits } from "@meshwork/foundation";
import type { Exchange, Outside, Transcript } from "@meshwork/protocol";
import { z } from "zod";
import type { World } from "../../runtime/runtime.ts";
import { modelQuestion } from "./ask-model.ts";
import { OutsideError } from "./outside-error.ts";
import type { Services } from "./services.ts";

/** The world itself, and all that it has said. */
export interface RecordedWorld extends World {
  transcript(): Transcript;
}

interface RecordingParts {
  clock: Clock;
  services: Pick<Services, "fetchPage" | "askModel">;
}

const question = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("fetch"), url: z.string().max(2_048) }),
  modelQuestion,
]);

/**
 * Asks the world for a program within its contract, and writes down every word of it; a refusal is an answer too.
 *
 * @param withinMs from now on; what is not answered by then is refused. Whoever orders may also own the
 * page that never ends: it must not cost this node the time in which it owes its result.
 */
export function recordWorld(
  { clock, services }: RecordingParts,
  { outside, signal, withinMs }: { outside: Outside; signal: AbortSignal; withinMs: number },
): RecordedWorld {
  const exchanges: Exchange[] = [];
  const begun = clock.monotonic();
  let bytes = 0;

  const ask = async (request: string, until: AbortSignal): Promise<object> => {
    const parsed = question.safeParse(jsonIn(request));
    if (!parsed.success)
      throw new OutsideError("REQUEST_INVALID", z.prettifyError(parsed.error).slice(0, 300));
    if (parsed.data.kind === "model") {
      if (!outside.model) throw new OutsideError("NOT_IN_CONTRACT", "the contract names no model");
      if (services.askModel === null)
        throw new OutsideError("NOT_SERVED", "this worker has no model");
      return services.askModel(parsed.data, until);
    }
    if (services.fetchPage === null)
      throw new OutsideError("NOT_SERVED", "this worker fetches nothing");
    return services.fetchPage(parsed.data.url, { origins: outside.origins, signal: until });
  };

  const answerTo = async (request: string, until: AbortSignal): Promise<string> => {
    try {
      const answer = JSON.stringify({ value: await ask(request, until) });
      if (answer.length <= limits.answerCharacters) return answer;
      return refusal("TOO_LARGE", `the answer exceeds ${limits.answerCharacters} characters`);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof OutsideError) return refusal(error.code, error.message);
      throw error;
    }
  };

  const answersTo = async (requests: readonly string[]): Promise<string[]> => {
    const late = new AbortController();
    const leftMs = Math.max(0, withinMs - (clock.monotonic() - begun));
    const stopTimer = clock.setTimer(leftMs, () =>
      late.abort(new OutsideError("TIMEOUT", `a run may wait ${withinMs} ms for the world`)),
    );
    const until = AbortSignal.any([signal, late.signal]);
    try {
      return await Promise.all(requests.map((request) => answerTo(request, until)));
    } finally {
      stopTimer();
    }
  };

  return {
    async answer(requests) {
      const answers = await answersTo(requests);
      return requests.map((request, i) => {
        let answer = answers[i] as string;
        // Whoever repeats the run must be able to read it: what does not fit any more was not said.
        if (bytes + sizeOf(request, answer) > limits.transcriptBytes - SPARE_BYTES)
          answer = refusal("TOO_LARGE", "the transcript is full");
        bytes += sizeOf(request, answer);
        exchanges.push({ request, answer });
        return answer;
      });
    },
    transcript: () => ({ exchanges: [...exchanges] }),
  };
}

/** For the questions and refusals that may still come, and for what frames the texts. */
const SPARE_BYTES = 1 << 20;

const sizeOf = (...texts: string[]): number =>
  texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 16, 0);

const refusal = (code: OutsideError["code"], message: string): string =>
  JSON.stringify({ error: { code, message } });

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
