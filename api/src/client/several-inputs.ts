import { UploadedFile } from "./files.ts";

/** What one input of an order is made of, once it is encoded. */
export type RawInput = Uint8Array | UploadedFile;

/** Inputs 0, 1, 2 … of one task, as they are: in place of the one that its schema encodes. */
export class SeveralInputs {
  readonly inputs: readonly RawInput[];

  constructor(...inputs: readonly RawInput[]) {
    this.inputs = inputs;
  }
}

/** Null for a value that the task's own schema is to encode. */
export function rawInputs(input: unknown): readonly RawInput[] | null {
  if (input instanceof SeveralInputs) return input.inputs;
  return input instanceof UploadedFile ? [input] : null;
}
