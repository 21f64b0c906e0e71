import { type Clock, CodedError, type OrderId, sleep } from "@meshwork/foundation";
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { TaskState } from "../views.ts";
import { ClientError, refusalOf } from "./client-error.ts";
import type { Door } from "./door.ts";

/** The server pings every 15 s. */
const SILENCE_MS = 45_000;
/** A state is a few KB; a server that sends more is none. */
const EVENT_CHARACTERS = 1 << 20;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** About half a minute without a server. */
const ATTEMPTS = 10;

export interface WatchedState {
  id: string;
  state: TaskState;
}

/** What is watched: a procedure of the server, and which state is the last. */
interface Watched<State> {
  path: "tasks.watch" | "jobs.watch";
  input: Readonly<Record<string, string>>;
  isLast(state: State): boolean;
  after?: string | null | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Every state of a task until its last, over lost connections and restarts of the server: each time
 * it takes up after the last event that it saw. Throws what the server refuses, and UNREACHABLE when
 * there is no server for a while.
 */
export const watchTask = (
  parts: { door: Door; clock: Clock },
  orderId: OrderId,
  { after, signal }: { after?: string | null; signal?: AbortSignal | undefined },
): AsyncGenerator<WatchedState, void, undefined> =>
  watchEvents<TaskState>(parts, {
    path: "tasks.watch",
    input: { orderId },
    isLast: ({ kind }) => kind === "done",
    ...{ after, signal },
  });

/** The same, without the events' ids. */
export async function* watchStream<State>(
  parts: { door: Door; clock: Clock },
  watched: Watched<State>,
): AsyncGenerator<State, void, undefined> {
  for await (const { state } of watchEvents(parts, watched)) yield state;
}

async function* watchEvents<State>(
  parts: { door: Door; clock: Clock },
  watched: Watched<State>,
): AsyncGenerator<{ id: string; state: State }, void, undefined> {
  const { signal, isLast } = watched;
  let after = watched.after ?? null;
  let last = "";
  for (let failures = 0; ; failures++) {
    try {
      for await (const event of oneStream(parts, { ...watched, after })) {
        after = event.id;
        failures = 0;
        // A stream that is taken up may begin with what was seen already: views are whole.
        const text = JSON.stringify(event.state);
        if (text === last) continue;
        last = text;
        yield event;
        if (isLast(event.state)) return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!isTransient(error) || failures >= ATTEMPTS) throw error;
    }
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
    await sleep(parts.clock, pause, signal);
  }
}

const isTransient = (error: unknown): boolean =>
  !(error instanceof CodedError) ||
  ["UNREACHABLE", "INTERNAL", "RATE_LIMITED", "NONCES_EXHAUSTED"].includes(error.code);

async function* oneStream<State>(
  { door, clock }: { door: Door; clock: Clock },
  watch: Watched<State> & { after: string | null },
): AsyncGenerator<{ id: string; state: State }, void, undefined> {
  const silence = new AbortController();
  const signals = watch.signal ? [silence.signal, watch.signal] : [silence.signal];
  const giveUp = () =>
    silence.abort(new ClientError("UNREACHABLE", `no word from the server in ${SILENCE_MS} ms`));
  let cancel = clock.setTimer(SILENCE_MS, giveUp);
  try {
    const input = encodeURIComponent(JSON.stringify(watch.input));
    const response = await door.send(`/trpc/${watch.path}?input=${input}`, {
      method: "GET",
      signal: AbortSignal.any(signals),
      headers: {
        accept: "text/event-stream",
        ...(watch.after === null ? {} : { "last-event-id": watch.after }),
      },
    });
    for await (const message of await eventsOf(response)) {
      cancel();
      cancel = clock.setTimer(SILENCE_MS, giveUp);
      if (message.event === "return") return;
      if (message.event === "serialized-error") throw errorIn(message.data);
      if (message.event === undefined)
        yield { id: message.id ?? "", state: JSON.parse(message.data) as State };
    }
  } finally {
    cancel();
    silence.abort();
  }
}

async function eventsOf(response: Response) {
  if (response.ok && response.body !== null)
    return response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream({ maxBufferSize: EVENT_CHARACTERS }));
  const answer = (await response.json().catch(() => null)) as { error?: unknown } | null;
  throw (
    refusalOf(answer?.error) ??
    new ClientError("UNREACHABLE", `the server answers ${response.status}, and says no more`)
  );
}

function errorIn(data: string): Error {
  return (
    refusalOf(JSON.parse(data)) ?? new ClientError("ANSWER_INVALID", "an error without a code")
  );
}
