import { crc32 } from "node:zlib";
import { concat } from "@meshwork/foundation";
import { ChainError } from "../chain-error.ts";

/**
 * A frame is one write and one sync: crc32(rest of the header) ‖ length ‖ crc32(payload), then the
 * payload, its records each behind a length. As a frame is written only when the one before it is on
 * disk, a crash can tear the last frame alone: anything else that does not check is damage.
 */
const HEADER = 12;
/** Blocks of a file that the disk had not written when the power went read as zeros. */
const UNWRITTEN = Buffer.alloc(64);

export function encodeFrame(records: readonly Uint8Array[]): Uint8Array {
  const payload = concat(...records.flatMap((record) => [uint32(record.length), record]));
  const rest = concat(uint32(payload.length), uint32(crc32(payload)));
  return concat(uint32(crc32(rest)), rest, payload);
}

/** The records of every whole frame, and how many bytes those take; a torn tail is left out. */
export function readFrames(
  bytes: Uint8Array,
  path: string,
): { records: Uint8Array[]; intactBytes: number } {
  const records: Uint8Array[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const frame = frameAt(bytes, offset);
    if (frame === null) {
      if (isTornTail(bytes, offset)) break;
      throw damaged(path, offset);
    }
    records.push(...recordsOf(frame));
    offset += HEADER + frame.length;
  }
  return { records, intactBytes: offset };
}

/** The payload of the frame at `offset`, or null when it does not check. */
function frameAt(bytes: Uint8Array, offset: number): Uint8Array | null {
  const length = lengthAt(bytes, offset);
  if (length === null || offset + HEADER + length > bytes.length) return null;
  const payload = bytes.subarray(offset + HEADER, offset + HEADER + length);
  return crc32(payload) === viewOf(bytes).getUint32(offset + 8) ? payload : null;
}

/** The payload's length, where a header checks. */
function lengthAt(bytes: Uint8Array, offset: number): number | null {
  if (offset + HEADER > bytes.length) return null;
  const view = viewOf(bytes);
  const rest = bytes.subarray(offset + 4, offset + HEADER);
  return crc32(rest) === view.getUint32(offset) ? view.getUint32(offset + 4) : null;
}

/**
 * A torn write is cut short by the end of the file or has holes of zeros, and nothing whole stands
 * behind it. A flipped bit in a last frame that was synced is none: it may hide a vote of our own.
 */
function isTornTail(bytes: Uint8Array, offset: number): boolean {
  const length = lengthAt(bytes, offset);
  const cutShort =
    length === null ? offset + HEADER > bytes.length : offset + HEADER + length > bytes.length;
  const hasHoles = Buffer.from(bytes.subarray(offset)).includes(UNWRITTEN);
  if (!cutShort && !hasHoles) return false;
  for (let next = offset + 1; next + HEADER <= bytes.length; next++)
    if ((frameAt(bytes, next)?.length ?? 0) > 0) return false;
  return true;
}

function recordsOf(payload: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  const view = viewOf(payload);
  for (let offset = 0; offset < payload.length; ) {
    const end = offset + 4 + view.getUint32(offset);
    records.push(payload.slice(offset + 4, end));
    offset = end;
  }
  return records;
}

const viewOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

const damaged = (path: string, offset: number) =>
  new ChainError(
    "LOG_DAMAGED",
    `${path} is damaged at byte ${offset} behind its head: votes may be missing, so this seat must not vote. ` +
      "Check the disk, remove the log and the vote key beside it, and let the node register a new vote key",
    { detail: { path, offset } },
  );
