import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { CodedError, messageOf } from "@meshwork/foundation";
import { CliError } from "./cli-error.ts";
import { cellOf, jsonOf, type Row, type TableName } from "./ledger-tables.ts";

/** How many rows of each table were written. */
export type Counts = Partial<Record<TableName, number>>;

export type ExportFormat = "jsonl" | "csv";

/**
 * Rows as they come: JSON objects, one a line, in one file; or for each table a file with a heading, in a
 * folder. It has its name when it is whole, and never replaces anything.
 */
export async function writeRows(
  rows: AsyncIterable<Row>,
  { path, format }: { path: string; format: ExportFormat },
): Promise<Counts> {
  const unfinished = `${path}.unfinished`;
  const counts: Counts = {};
  const files = new Map<string, LineFile>();

  async function fileFor({ table, values }: Row): Promise<LineFile> {
    const name = format === "csv" ? join(unfinished, `${table}s.csv`) : unfinished;
    const known = files.get(name);
    if (known) return known;
    const file = new LineFile(await open(name, "w"));
    files.set(name, file);
    if (format === "csv") await file.add(Object.keys(values).join(","));
    return file;
  }

  try {
    await requireNew(path);
    await rm(unfinished, { recursive: true, force: true });
    if (format === "csv") await mkdir(unfinished, { recursive: true });
    else files.set(unfinished, new LineFile(await open(unfinished, "w")));
    for await (const row of rows) {
      await (await fileFor(row)).add(lineOf(row, format));
      counts[row.table] = (counts[row.table] ?? 0) + 1;
    }
    for (const file of files.values()) await file.end();
    await rename(unfinished, path);
  } catch (cause) {
    for (const file of files.values()) await file.close();
    if (cause instanceof CodedError) throw cause;
    throw notWritten(path, cause);
  }
  return counts;
}

const lineOf = ({ table, values }: Row, format: ExportFormat): string =>
  format === "csv" ? Object.values(values).map(cellOf).join(",") : jsonOf({ table, ...values });

async function requireNew(path: string): Promise<void> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  if (isThere)
    throw new CliError("FILE_EXISTS", `${path} is there already: name another file`, {
      detail: { path },
    });
}

const notWritten = (path: string, cause: unknown) =>
  new CliError("FILE_NOT_WRITTEN", `${path} cannot be written: ${messageOf(cause)}`, {
    detail: { path },
    cause,
  });

const WRITE_BYTES = 64 << 10;

/** Lines, a few at a time: a ledger has more than memory should hold. */
class LineFile {
  readonly #file: FileHandle;
  #waiting = "";

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async add(line: string): Promise<void> {
    this.#waiting += `${line}\n`;
    if (this.#waiting.length >= WRITE_BYTES) await this.#flush();
  }

  async end(): Promise<void> {
    await this.#flush();
    await this.#file.sync();
    await this.close();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #flush(): Promise<void> {
    const text = this.#waiting;
    this.#waiting = "";
    await this.#file.writeFile(text);
  }
}
