import { utf8 } from "@meshwork/foundation/bytes";
import type { InputReader } from "../input-reader.ts";
import { MOST_NAME_BYTES } from "./archive.ts";
import { ERRNO, WasiError } from "./errno.ts";

/**
 * The files that a command sees: `/in/0`, `/in/1` … are the task's inputs, which cannot be changed; all
 * else it makes itself, in memory. There are no links, no times and no owners, so every machine's files
 * are the same.
 */

/** Files and folders that one command may have made at a time. */
const MOST_ENTRIES = 4_096;

/** What calls see of a file: one that the command made, or an input, of any size. */
export interface File {
  readonly isReadOnly: boolean;
  readonly size: number;
  /** Copies what there is from `offset`, and as fits; gives the number of bytes. */
  read(offset: number, into: Uint8Array): number;
  write(offset: number, bytes: Uint8Array): void;
  /** What is new is zero. */
  resize(size: number): void;
}

/** An input of the task. */
export const inputFile = (inputs: InputReader, index: number): File => {
  const refuse = (): never => {
    throw new WasiError(ERRNO.access);
  };
  return {
    isReadOnly: true,
    size: inputs.sizeOf(index),
    read: (offset, into) => inputs.read(index, offset, into),
    write: (_offset, bytes) => void (bytes.length > 0 && refuse()),
    resize: refuse,
  };
};

/** A file that the command made. */
export class OwnFile implements File {
  readonly isReadOnly = false;
  #bytes: Uint8Array = new Uint8Array(0);
  #size = 0;
  readonly #grow: (bytes: number) => void;

  /** @param grow is told of every byte that comes to be, and may refuse. */
  constructor(grow: (bytes: number) => void) {
    this.#grow = grow;
  }

  get size(): number {
    return this.#size;
  }

  /** As it lies there. */
  get content(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  /** Copies what there is from `offset`, and as fits; gives the number of bytes. */
  read(offset: number, into: Uint8Array): number {
    const piece = this.content.subarray(offset, offset + into.length);
    into.set(piece);
    return piece.length;
  }

  write(offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.resize(Math.max(this.#size, offset + bytes.length));
    this.#bytes.set(bytes, offset);
  }

  /** What is new is zero. */
  resize(size: number): void {
    this.#grow(size - this.#size);
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(size, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = grown;
    } else if (4 * size < this.#bytes.length) {
      this.#bytes = this.#bytes.slice(0, size); // A file that was large must not stay so.
    } else this.#bytes.fill(0, Math.min(size, this.#size), this.#size);
    this.#size = size;
  }
}

export type Entry = File | "folder";

/** One flat table of paths. Every name is the path from the root, without a slash at its ends. */
export class FileTable {
  readonly #entries = new Map<string, Entry>([
    ["", "folder"],
    ["in", "folder"],
    ["out", "folder"],
  ]);
  readonly #grow: (bytes: number) => void;

  constructor(inputs: InputReader, grow: (bytes: number) => void) {
    this.#grow = grow;
    for (let index = 0; index < inputs.count; index++)
      this.#entries.set(`in/${index}`, inputFile(inputs, index));
  }

  find(path: string): Entry | undefined {
    return this.#entries.get(path);
  }

  /** @throws WasiError when there is none. */
  get(path: string): Entry {
    const entry = this.find(path);
    if (entry === undefined) throw new WasiError(ERRNO.noEntry);
    return entry;
  }

  makeFile(path: string): File {
    const file = new OwnFile(this.#grow);
    this.#add(path, file);
    return file;
  }

  makeFolder(path: string): void {
    if (this.find(path) !== undefined) throw new WasiError(ERRNO.exists);
    this.#add(path, "folder");
  }

  removeFile(path: string): void {
    const file = this.get(path);
    if (file === "folder") throw new WasiError(ERRNO.isDirectory);
    file.resize(0); // Its bytes are given back; an input refuses.
    this.#entries.delete(path);
  }

  removeFolder(path: string): void {
    if (this.get(path) !== "folder") throw new WasiError(ERRNO.notDirectory);
    if (this.list(path).length > 0) throw new WasiError(ERRNO.notEmpty);
    if (isFixed(path)) throw new WasiError(ERRNO.access);
    this.#entries.delete(path);
  }

  /** Of a file; folders stay where they are. */
  rename(from: string, to: string): void {
    const file = this.get(from);
    if (file === "folder") throw new WasiError(ERRNO.notSupported);
    if (file.isReadOnly) throw new WasiError(ERRNO.access);
    if (from === to) return;
    if (this.find(to) !== undefined) this.removeFile(to);
    this.#add(to, file);
    this.#entries.delete(from);
  }

  /** The names in a folder, sorted by their UTF-16 units. */
  list(folder: string): string[] {
    const start = folder === "" ? "" : `${folder}/`;
    return [...this.#entries.keys()]
      .filter((path) => path !== "" && path.startsWith(start))
      .map((path) => path.slice(start.length))
      .filter((name) => !name.includes("/"))
      .sort();
  }

  /** All files that the command made below a folder, by the path from there, sorted. */
  ownFilesBelow(folder: string): [path: string, file: OwnFile][] {
    const start = `${folder}/`;
    return [...this.#entries]
      .flatMap(([path, entry]): [string, OwnFile][] =>
        entry instanceof OwnFile && path.startsWith(start)
          ? [[path.slice(start.length), entry]]
          : [],
      )
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }

  get count(): number {
    return this.#entries.size;
  }

  #add(path: string, entry: Entry): void {
    const parent = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
    if (this.get(parent) !== "folder") throw new WasiError(ERRNO.notDirectory);
    if (parent === "in") throw new WasiError(ERRNO.access);
    if (this.#entries.size >= MOST_ENTRIES) throw new WasiError(ERRNO.tooManyFiles);
    this.#entries.set(path, entry);
  }
}

const isFixed = (path: string) => path === "" || path === "in" || path === "out";

/** `text` as seen from `folder`, without `.` and `..`. @throws WasiError when it leaves the root. */
export function resolvePath(folder: string, text: string): string {
  if (text.includes("\0")) throw new WasiError(ERRNO.invalid);
  const names = folder === "" ? [] : folder.split("/");
  for (const name of text.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.pop() === undefined) throw new WasiError(ERRNO.notCapable);
  }
  const path = names.join("/");
  if (utf8(path).length > MOST_NAME_BYTES) throw new WasiError(ERRNO.nameTooLong);
  return path;
}
