import { type Clock, fromUtf8 } from "@meshwork/foundation";
import { z } from "zod";
import { type HttpAnswer, httpExchange } from "./http-exchange.ts";
import { OutsideError } from "./outside-error.ts";

/** The language model that the owner of this worker has: any endpoint that speaks as OpenAI's does. */
export interface ModelPlace {
  /** With its version, such as `http://127.0.0.1:11434/v1`. */
  url: string;
  name: string;
  /** Never leaves this process but to that address. Null: it wants none. */
  key: string | null;
}

export const modelQuestion = z.strictObject({
  kind: z.literal("model"),
  messages: z
    .array(z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() }))
    .min(1)
    .max(64),
  temperature: z.number().min(0).max(2),
  maxTokens: z.int().min(1).max(16_384),
  seed: z.int(),
});
export type ModelQuestion = z.infer<typeof modelQuestion>;

export interface ModelAnswer {
  text: string;
  /** As the endpoint calls what has answered. */
  model: string;
}
export type AskModel = (question: ModelQuestion, signal: AbortSignal) => Promise<ModelAnswer>;

export function createAskModel({ clock }: { clock: Clock }, place: ModelPlace): AskModel {
  const url = new URL(`${place.url.replace(/\/$/, "")}/chat/completions`);
  const headers = {
    "content-type": "application/json",
    ...(place.key === null ? {} : { authorization: `Bearer ${place.key}` }),
  };
  return async ({ messages, temperature, maxTokens, seed }, signal) => {
    const asked = { model: place.name, messages, temperature, max_tokens: maxTokens, seed };
    const body = JSON.stringify(asked);
    const answer = await httpExchange(clock, url, { method: "POST", headers, body, signal }).catch(
      (error: unknown) => {
        signal.throwIfAborted();
        const why = error instanceof OutsideError ? error.code : "UNREACHABLE";
        // Not what it says: that would tell where the model is.
        throw new OutsideError("MODEL_FAILED", `the worker's model did not answer (${why})`);
      },
    );
    return answerIn(answer, place.name);
  };
}

const completion = z.object({
  model: z.string().max(200).optional(),
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
});

function answerIn({ status, body }: HttpAnswer, name: string): ModelAnswer {
  const parsed = status === 200 ? completion.safeParse(jsonIn(body)) : null;
  const content = parsed?.data?.choices[0]?.message.content;
  if (content === undefined)
    throw new OutsideError("MODEL_FAILED", `the worker's model gave no answer (status ${status})`);
  return { text: content, model: parsed?.data?.model ?? name };
}

function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch {
    return null;
  }
}
