/**
 * What a command answers, on standard output: sentences for people, or with `--json` one JSON object
 * a line for programs. Progress and errors go to standard error, so that output can be piped.
 */
export interface Output {
  /** For people only. */
  say(text: string): void;
  /** For programs only: `kind` says what the object is. */
  emit(kind: string, data: Readonly<Record<string, unknown>>): void;
  /** Progress, for people only: not part of the answer. */
  note(text: string): void;
  readonly json: boolean;
}

export interface Streams {
  out(text: string): void;
  err(text: string): void;
}

export const processStreams: Streams = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
};

export function createOutput(json: boolean, streams: Streams = processStreams): Output {
  return {
    json,
    say: (text) => json || streams.out(`${text}\n`),
    emit: (kind, data) => json && streams.out(`${JSON.stringify({ kind, ...data }, plain)}\n`),
    note: (text) => json || streams.err(`${text}\n`),
  };
}

/** Points and fuel as decimal text, as in every JSON of ours. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
