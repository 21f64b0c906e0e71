import { sha256Hex } from "@meshwork/crypto";
import { contentId, limits } from "@meshwork/foundation";
import { contentIdOfDigest } from "@meshwork/storage";
import { requireCaller } from "./context.ts";
import { DoorError } from "./door-error.ts";
import { requireBodyHash, statedLength } from "./guards.ts";
import type { ObjectStaging } from "./object-staging.ts";
import type { DoorRequest } from "./remote.ts";

/**
 * PUT /objects/<content id>: a program or an input, raw, which waits here for its order. Bytes
 * travel as bytes: base64 in JSON would cost a third more and three copies.
 */
export const putObject = (staging: ObjectStaging) => async (c: DoorRequest) => {
  const { account, bodyHash } = requireCaller({ caller: c.get("caller") });
  const declared = contentId.safeParse(c.req.param("id"));
  if (!declared.success)
    throw new DoorError(
      "INPUT_INVALID",
      `${c.req.path.slice(0, 120)} does not end in a content id (CIDv1, raw, sha2-256, base32)`,
    );
  const sizeBytes = statedLength(c, limits.inputBytes);
  const reservation = staging.reserve(account, sizeBytes);
  try {
    const bytes = new Uint8Array(await c.req.arrayBuffer());
    const hash = sha256Hex(bytes);
    if (bodyHash !== null) requireBodyHash(bodyHash, hash);
    const found = contentIdOfDigest(hash);
    if (found !== declared.data)
      throw new DoorError(
        "OBJECT_HASH_MISMATCH",
        `the ${bytes.length} bytes are ${found}, but ${declared.data} was declared: send the right bytes, or their own id`,
        { detail: { declared: declared.data, found } },
      );
    reservation.store(found, bytes);
  } catch (error) {
    reservation.release();
    throw error;
  }
  return c.json({ contentId: declared.data, sizeBytes });
};
