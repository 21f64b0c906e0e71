import { CodedError } from "@meshwork/foundation";

export class FileError extends CodedError<
  /** Nobody announced the file here, or it was forgotten. */
  | "FILE_UNKNOWN"
  /** Chunks of it were not uploaded yet. */
  | "FILE_INCOMPLETE"
  /** The list of chunks, or a chunk, is not the one that the file's name stands for. */
  | "FILE_HASH_MISMATCH"
  /** Files that wait here take all the room that they may. */
  | "FILE_QUOTA_EXCEEDED"
  /** It does not fit into the room that this node has for data. */
  | "FILE_TOO_LARGE"
> {}
