import { ERRNO, WasiError } from "./errno.ts";
import { type File, type FileTable, resolvePath } from "./files.ts";

/** Files that a command may have open at a time. */
const MOST_DESCRIPTORS = 64;

export const FILE_TYPE = { folder: 3, file: 4 } as const;
const OPEN = { create: 1, folder: 2, exclusive: 4, truncate: 8 } as const;
export const APPEND = 1;

export interface OpenFile {
  readonly kind: "file";
  readonly file: File;
  readonly mayWrite: boolean;
  /** A stream has no position that one could set. */
  readonly isStream: boolean;
  position: number;
  appends: boolean;
}

export interface OpenFolder {
  readonly kind: "folder";
  readonly path: string;
}

export type Descriptor = OpenFile | OpenFolder;

/** What a command has open: its three streams, the root as number 3, and what it opened itself. */
export class Descriptors {
  readonly #files: FileTable;
  readonly #open: Map<number, Descriptor>;

  constructor(files: FileTable, streams: { input: File; output: File; errors: File }) {
    this.#files = files;
    const stream = { kind: "file", isStream: true, position: 0, appends: true } as const;
    this.#open = new Map<number, Descriptor>([
      [0, { ...stream, file: streams.input, mayWrite: false, isStream: false, appends: false }],
      [1, { ...stream, file: streams.output, mayWrite: true }],
      [2, { ...stream, file: streams.errors, mayWrite: true }],
      [ROOT, { kind: "folder", path: "" }],
    ]);
  }

  get(number: number): Descriptor {
    const found = this.#open.get(number);
    if (!found) throw new WasiError(ERRNO.badFile);
    return found;
  }

  file(number: number): OpenFile {
    const found = this.get(number);
    if (found.kind === "folder") throw new WasiError(ERRNO.isDirectory);
    return found;
  }

  folder(number: number): OpenFolder {
    const found = this.get(number);
    if (found.kind === "file") throw new WasiError(ERRNO.notDirectory);
    return found;
  }

  close(number: number): void {
    this.get(number);
    this.#open.delete(number);
  }

  /** A path from an open folder. */
  resolve(number: number, path: string): string {
    return resolvePath(this.folder(number).path, path);
  }

  /** Opens and gives the lowest free number, as everywhere. */
  open(path: string, how: { flags: number; mayWrite: boolean; appends: boolean }): number {
    if (this.#open.size >= MOST_DESCRIPTORS) throw new WasiError(ERRNO.tooManyFiles);
    const opened = this.#descriptor(path, how);
    let number = 0;
    while (this.#open.has(number)) number++;
    this.#open.set(number, opened);
    return number;
  }

  #descriptor(
    path: string,
    { flags, mayWrite, appends }: { flags: number; mayWrite: boolean; appends: boolean },
  ): Descriptor {
    const known = this.#files.find(path);
    if (known !== undefined && flags & OPEN.create && flags & OPEN.exclusive)
      throw new WasiError(ERRNO.exists);
    if (known === "folder") {
      if (flags & (OPEN.create | OPEN.truncate)) throw new WasiError(ERRNO.isDirectory);
      return { kind: "folder", path };
    }
    if (flags & OPEN.folder)
      throw new WasiError(known === undefined ? ERRNO.noEntry : ERRNO.notDirectory);
    if (known === undefined && !(flags & OPEN.create)) throw new WasiError(ERRNO.noEntry);
    if (known?.isReadOnly && (mayWrite || flags & OPEN.truncate)) throw new WasiError(ERRNO.access);
    const file = known ?? this.#files.makeFile(path);
    if (flags & OPEN.truncate) file.resize(0);
    return { kind: "file", file, mayWrite, isStream: false, position: 0, appends };
  }
}

export const ROOT = 3;
