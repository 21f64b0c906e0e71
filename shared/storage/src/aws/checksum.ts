import { hash } from "node:crypto";
import { type ContentId, fromHex } from "@meshwork/foundation";
import { digestOfContentId } from "../content-id.ts";

/** SHA-256 as S3 writes it. */
export const checksumOf = (bytes: Uint8Array): string => hash("sha256", bytes, "base64");

/** The same of the content that `id` names: a content id is a checksum. */
export const checksumOfContent = (id: ContentId): string =>
  Buffer.from(fromHex(digestOfContentId(id))).toString("base64");

/** S3's own of an object that came in parts: of the parts' checksums, one after the other. */
export const checksumOfParts = (checksums: readonly string[]): string =>
  checksumOf(Buffer.concat(checksums.map((checksum) => Buffer.from(checksum, "base64"))));
