import { openBytes } from "@meshwork/crypto";
import { CodedError, fromHex, limits, type NodeId } from "@meshwork/foundation";
import type { ContentRef, Dispatch } from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import type { Blobs } from "../ports.ts";
import type { Task } from "../runtime/runtime.ts";

export class InputError extends CodedError<"INPUT_NOT_SEALED_FOR" | "INPUT_HASH_MISMATCH"> {}

/**
 * Fetches what a contract names, opens it, and holds it against the address in the contract: what
 * runs is what the requester signed, whoever served it. Workers and verifiers alike come here.
 */
export async function fetchTask(
  blobs: Pick<Blobs, "fetch">,
  { contract, dataKey, sealed }: Dispatch,
  from: { hints: readonly NodeId[]; signal: AbortSignal },
): Promise<Task> {
  const open = async (ref: ContentRef): Promise<Uint8Array<ArrayBuffer>> => {
    const place = sealed.find(({ plain }) => plain === ref.contentId);
    if (place === undefined) {
      throw new InputError(
        "INPUT_NOT_SEALED_FOR",
        `the dispatch does not say where ${ref.contentId} lies`,
      );
    }
    const maxBytes = ref.sizeBytes + limits.sealOverheadBytes;
    const bytes = openBytes(
      fromHex(dataKey),
      await blobs.fetch(place.sealed, { ...from, maxBytes }),
    );
    if (bytes === null || contentIdOf(bytes) !== ref.contentId) {
      throw new InputError(
        "INPUT_HASH_MISMATCH",
        `what lies sealed at ${place.sealed} is not ${ref.contentId}: the requester's node sealed other data than the contract names`,
      );
    }
    return new Uint8Array(bytes);
  };
  const [program, inputs] = await Promise.all([
    open(contract.program),
    Promise.all(contract.inputs.map(open)),
  ]);
  return {
    program: { runtime: contract.runtime, bytes: program },
    inputs,
    limits: contract.limits,
  };
}
