import { APPEND, type Descriptors, FILE_TYPE, type OpenFile, ROOT } from "./descriptors.ts";
import { ERRNO, WasiError } from "./errno.ts";
import type { File, FileTable } from "./files.ts";
import type { Guest } from "./guest.ts";
import type { WasiCall } from "./signatures.ts";

/** Thrown through the command when it leaves. */
export class CommandExit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`the command left with ${code}`);
    this.code = code;
  }
}

export interface CommandWorld {
  readonly guest: Guest;
  readonly files: FileTable;
  readonly descriptors: Descriptors;
  /** UTF-8, the command's name first. */
  readonly arguments: readonly Uint8Array[];
  readonly random: () => number;
}

type Calls = Partial<Record<WasiCall, (...parameters: never[]) => void>>;

/** What each call does; one that is not here is answered by `notSupported`. */
export const wasiCalls = (world: CommandWorld): Calls => ({
  ...processCalls(world),
  ...streamCalls(world),
  ...statusCalls(world),
  ...pathCalls(world),
});

function processCalls({ guest, arguments: texts, random }: CommandWorld): Calls {
  return {
    args_sizes_get(count: number, bytes: number) {
      guest.setU32(count, texts.length);
      guest.setU32(
        bytes,
        texts.reduce((sum, text) => sum + text.length + 1, 0),
      );
    },
    args_get(addresses: number, address: number) {
      guest.putTexts(addresses, address, texts);
    },
    environ_sizes_get(count: number, bytes: number) {
      guest.setU32(count, 0);
      guest.setU32(bytes, 0);
    },
    environ_get() {},
    clock_res_get(_clock: number, address: number) {
      guest.setU64(address, 1n);
    },
    // Time is fuel: it passes, and the same everywhere.
    clock_time_get(_clock: number, _precision: bigint, address: number) {
      guest.setU64(address, guest.used);
    },
    random_get(address: number, length: number) {
      guest.charge(16 * (length >>> 0));
      const bytes = guest.bytes(address, length);
      for (let i = 0; i < bytes.length; i++) bytes[i] = random();
    },
    sched_yield() {},
    proc_exit(code: number) {
      throw new CommandExit(code >>> 0);
    },
  };
}

function streamCalls({ guest, descriptors }: CommandWorld): Calls {
  const read = (file: File, from: number, into: readonly Uint8Array[]) => {
    guest.charge(total(into));
    let at = from;
    for (const buffer of into) at += file.read(at, buffer);
    return at - from;
  };
  const write = (file: File, to: number, from: readonly Uint8Array[]) => {
    guest.charge(total(from));
    let at = to;
    for (const buffer of from) {
      file.write(at, buffer);
      at += buffer.length;
    }
    return at - to;
  };
  return {
    fd_read(number: number, buffers: number, count: number, done: number) {
      const open = descriptors.file(number);
      if (open.isStream) throw new WasiError(ERRNO.badFile);
      const length = read(open.file, open.position, guest.buffers(buffers, count));
      open.position += length;
      guest.setU32(done, length);
    },
    fd_pread(number: number, buffers: number, count: number, from: bigint, done: number) {
      const { file } = seekable(descriptors.file(number));
      guest.setU32(done, read(file, offsetOf(from), guest.buffers(buffers, count)));
    },
    fd_write(number: number, buffers: number, count: number, done: number) {
      const open = writable(descriptors.file(number));
      const at = open.appends ? open.file.size : open.position;
      const length = write(open.file, at, guest.buffers(buffers, count));
      open.position = at + length;
      guest.setU32(done, length);
    },
    fd_pwrite(number: number, buffers: number, count: number, to: bigint, done: number) {
      const { file } = seekable(writable(descriptors.file(number)));
      guest.setU32(done, write(file, offsetOf(to), guest.buffers(buffers, count)));
    },
    fd_seek(number: number, offset: bigint, whence: number, result: number) {
      const open = seekable(descriptors.file(number));
      const bases = [0, open.position, open.file.size];
      const base = bases[whence];
      if (base === undefined) throw new WasiError(ERRNO.invalid);
      open.position = offsetOf(BigInt(base) + offset);
      guest.setU64(result, BigInt(open.position));
    },
    fd_tell(number: number, result: number) {
      guest.setU64(result, BigInt(seekable(descriptors.file(number)).position));
    },
    fd_allocate(number: number, offset: bigint, length: bigint) {
      const { file } = seekable(writable(descriptors.file(number)));
      file.resize(Math.max(file.size, offsetOf(offset + length)));
    },
    fd_filestat_set_size(number: number, size: bigint) {
      seekable(writable(descriptors.file(number))).file.resize(offsetOf(size));
    },
    fd_close: (number: number) => descriptors.close(number),
    fd_advise() {},
    fd_sync() {},
    fd_datasync() {},
    fd_filestat_set_times() {},
  };
}

const total = (buffers: readonly Uint8Array[]) =>
  buffers.reduce((sum, buffer) => sum + buffer.length, 0);

function writable(open: OpenFile): OpenFile {
  if (!open.mayWrite) throw new WasiError(ERRNO.badFile);
  return open;
}

function seekable(open: OpenFile): OpenFile {
  if (open.isStream) throw new WasiError(ERRNO.illegalSeek);
  return open;
}

/** @throws WasiError for a place where no file can reach. */
function offsetOf(offset: bigint): number {
  if (offset < 0n) throw new WasiError(ERRNO.invalid);
  if (offset > 0xffff_ffffn) throw new WasiError(ERRNO.fileTooLarge);
  return Number(offset);
}

const ALL_RIGHTS = 0x1fff_ffffn;
const RIGHT_TO_WRITE = 1n << 6n;

function statusCalls({ guest, files, descriptors }: CommandWorld): Calls {
  const putStatus = (address: number, entry: File | "folder") => {
    const status = guest.struct(address, 64);
    for (let at = 0; at < 64; at += 8) status.setBigUint64(at, 0n);
    status.setUint8(16, entry === "folder" ? FILE_TYPE.folder : FILE_TYPE.file);
    status.setBigUint64(24, 1n, true);
    status.setBigUint64(32, BigInt(entry === "folder" ? 0 : entry.size), true);
  };
  return {
    fd_fdstat_get(number: number, address: number) {
      const open = descriptors.get(number);
      const status = guest.struct(address, 24);
      const isFile = open.kind === "file";
      status.setUint16(0, isFile ? FILE_TYPE.file : FILE_TYPE.folder, true);
      status.setUint16(2, isFile && open.appends ? APPEND : 0, true);
      const rights = isFile && !open.mayWrite ? ALL_RIGHTS & ~RIGHT_TO_WRITE : ALL_RIGHTS;
      status.setBigUint64(8, rights, true);
      status.setBigUint64(16, ALL_RIGHTS, true);
    },
    fd_fdstat_set_flags(number: number, flags: number) {
      descriptors.file(number).appends = (flags & APPEND) !== 0;
    },
    fd_fdstat_set_rights() {},
    fd_filestat_get(number: number, address: number) {
      const open = descriptors.get(number);
      putStatus(address, open.kind === "file" ? open.file : "folder");
    },
    fd_prestat_get(number: number, address: number) {
      if (number !== ROOT) throw new WasiError(ERRNO.badFile);
      const status = guest.struct(address, 8);
      status.setUint32(0, 0, true); // a folder
      status.setUint32(4, 1, true); // whose name, "/", has one byte
    },
    fd_prestat_dir_name(number: number, address: number, length: number) {
      if (number !== ROOT || length < 1) throw new WasiError(ERRNO.badFile);
      guest.bytes(address, 1)[0] = 0x2f;
    },
    path_filestat_get(number: number, _flags: number, path: number, length: number, at: number) {
      putStatus(at, files.get(descriptors.resolve(number, guest.path(path, length))));
    },
    path_filestat_set_times() {},
  };
}

/** What lists a folder looks at every path there is. */
const FUEL_PER_ENTRY = 2_000;

function pathCalls({ guest, files, descriptors }: CommandWorld): Calls {
  const at = (number: number, address: number, length: number) =>
    descriptors.resolve(number, guest.path(address, length));
  return {
    path_open(
      number: number,
      _lookup: number,
      path: number,
      length: number,
      flags: number,
      rights: bigint,
      _inheriting: bigint,
      status: number,
      result: number,
    ) {
      const mayWrite = (rights & RIGHT_TO_WRITE) !== 0n;
      const appends = (status & APPEND) !== 0;
      const where = at(number, path, length);
      guest.setU32(result, descriptors.open(where, { flags, mayWrite, appends }));
    },
    path_create_directory: (number: number, path: number, length: number) =>
      files.makeFolder(at(number, path, length)),
    path_remove_directory(number: number, path: number, length: number) {
      guest.charge(FUEL_PER_ENTRY * files.count);
      files.removeFolder(at(number, path, length));
    },
    path_unlink_file: (number: number, path: number, length: number) =>
      files.removeFile(at(number, path, length)),
    path_rename(
      number: number,
      path: number,
      length: number,
      toNumber: number,
      toPath: number,
      toLength: number,
    ) {
      files.rename(at(number, path, length), at(toNumber, toPath, toLength));
    },
    fd_readdir(number: number, address: number, length: number, cookie: bigint, done: number) {
      guest.charge(FUEL_PER_ENTRY * files.count + (length >>> 0));
      const names = files.list(descriptors.folder(number).path);
      const place = guest.bytes(address, length);
      guest.setU32(done, putNames(place, names, offsetOf(cookie)));
    },
  };
}

/** Entries from number `first` on, the last one cut off where the place ends; gives the bytes put. */
function putNames(place: Uint8Array, names: readonly string[], first: number): number {
  let at = 0;
  for (let index = first; index < names.length && at < place.length; index++) {
    const name = new TextEncoder().encode(names[index]);
    const entry = new Uint8Array(24 + name.length);
    const view = new DataView(entry.buffer);
    view.setBigUint64(0, BigInt(index + 1), true);
    view.setUint32(16, name.length, true);
    entry.set(name, 24);
    const fitting = entry.subarray(0, place.length - at);
    place.set(fitting, at);
    at += fitting.length;
  }
  return at;
}
