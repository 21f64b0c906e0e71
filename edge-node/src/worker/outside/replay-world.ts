import { CodedError } from "@meshwork/foundation";
import type { Transcript } from "@meshwork/protocol";
import type { World } from "../../runtime/runtime.ts";

/** The transcript is not one of this run: the program asks something else. */
export class TranscriptError extends CodedError<"TRANSCRIPT_DOES_NOT_FIT"> {}

/** The world as a transcript tells of it. */
export interface ReplayedWorld extends World {
  /** Whether all of it was asked for: nothing may be put into a transcript that the run did not hear. */
  isSpent(): boolean;
}

export function replayWorld({ exchanges }: Transcript): ReplayedWorld {
  let next = 0;
  return {
    async answer(requests) {
      return requests.map((request) => {
        const said = exchanges[next];
        if (said?.request !== request)
          throw new TranscriptError(
            "TRANSCRIPT_DOES_NOT_FIT",
            `question ${next} of the run is not that of the transcript`,
          );
        next++;
        return said.answer;
      });
    },
    isSpent: () => next === exchanges.length,
  };
}
