/**
 * The one shape of every error that Meshwork raises about the world.
 *
 * `code` is stable and machine-readable; `message` says what happened, to which value, and what to
 * do about it. Each domain declares its own codes by a subclass:
 *
 *     export class KeystoreError extends CodedError<"KEYSTORE_CORRUPT" | "WRONG_PASSPHRASE"> {}
 *
 * A wrong program asserts instead (`assert`), and an ordinary "no" is a return value.
 */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code;
  /** The values that the message speaks of, for programs. Never secrets. */
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(
    code: Code,
    message: string,
    options: { detail?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.detail = options.detail ?? {};
  }
}

/** Says that the program itself is wrong; nothing catches this but the process's last line of defence. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Closes an exhaustive switch over a union: the compiler refuses a forgotten case. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable case: ${JSON.stringify(value)}`);
}

/** The code of anything thrown, for logs and wire answers; `INTERNAL` when it bears none. */
export function codeOf(error: unknown): string {
  return error instanceof CodedError ? error.code : "INTERNAL";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
