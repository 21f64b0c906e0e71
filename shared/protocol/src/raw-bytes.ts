import { z } from "zod";

/** Bytes that stay bytes in memory: ciphertext, signatures of many seats, task data. */
export const rawBytes = (maxLength: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= maxLength, {
    error: `at most ${maxLength} bytes`,
  });
