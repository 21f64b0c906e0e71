import { z } from "zod";

/** How bytes travel inside JSON: standard base64 with padding, one text for one byte string. */
export const toBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");

/** Null when `text` is not what `toBase64` writes: Buffer itself skips what it does not know. */
export function fromBase64(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    : null;
}

/** For answers: the resolver returns bytes. */
export const bytesAsBase64 = z
  .custom<Uint8Array>((value) => value instanceof Uint8Array)
  .transform(toBase64);

/** For requests: the resolver gets bytes. */
export const base64Bytes = (maxBytes: number) =>
  z
    .string()
    .max(4 * Math.ceil(maxBytes / 3))
    .transform((text, context) => {
      const bytes = fromBase64(text);
      if (bytes !== null) return bytes;
      context.addIssue({ code: "custom", message: "not canonical base64 (RFC 4648, padded)" });
      return z.NEVER;
    });
