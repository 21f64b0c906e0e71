import { CodedError } from "@meshwork/foundation";
import { pino } from "pino";

/** What a line says besides its message: values for programs, never secrets, never payloads. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The port through which every part speaks to its operator. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with `fields` in every line. */
  child(fields: LogFields): Log;
}

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  level: LogLevel;
  /** In every line: which process this is. @default none */
  fields?: LogFields;
  /** @default standard error: standard output belongs to what a command answers */
  write?: (line: string) => void;
}

/** One JSON object a line. An `error` field shows its code, message, detail and causes. */
export function createLog(options: LogOptions): Log {
  const { write } = options;
  const target = write ? { write } : pino.destination({ dest: 2, sync: true });
  const root = pino(
    {
      level: options.level,
      base: options.fields ?? {},
      messageKey: "message",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: describeError },
    },
    target,
  );
  return wrap(root);
}

/** For tests, and for parts that were given no log. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};

function wrap(logger: pino.Logger): Log {
  return {
    debug: (message, fields) => logger.debug(plain(fields), message),
    info: (message, fields) => logger.info(plain(fields), message),
    warn: (message, fields) => logger.warn(plain(fields), message),
    error: (message, fields) => logger.error(plain(fields), message),
    child: (fields) => wrap(logger.child(plain(fields))),
  };
}

/** JSON knows no big integers: points and fuel appear as decimal text, as everywhere else. */
function plain(fields: LogFields = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      typeof value === "bigint" ? String(value) : value,
    ]),
  );
}

/** Causes nest three deep at most, so that a line stays a line. */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  return {
    name: error.name,
    message: error.message,
    ...(error instanceof CodedError ? { code: error.code, detail: plain(error.detail) } : {}),
    ...(depth === 0 ? { stack: error.stack } : {}),
    ...(error instanceof AggregateError && depth < 3
      ? { errors: error.errors.slice(0, 8).map((one) => describeError(one, depth + 1)) }
      : {}),
    ...(error.cause !== undefined && depth < 3
      ? { cause: describeError(error.cause, depth + 1) }
      : {}),
  };
}
