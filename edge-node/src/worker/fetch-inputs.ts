import { openBytes } from "@meshwork/crypto";
import { CodedError, fromHex, limits, type NodeId } from "@meshwork/foundation";
import {
  type ContentRef,
  type Dispatch,
  type InputRef,
  isFileId,
  isInputSize,
} from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import { fetchFile } from "../data/fetch-file.ts";
import { FILE_MAP_BYTES } from "../data/file-map.ts";
import type { Blobs } from "../ports.ts";
import type { HostFile, HostTask } from "../runtime/runtime.ts";

export class InputError extends CodedError<
  "INPUT_NOT_SEALED_FOR" | "INPUT_HASH_MISMATCH" | "INPUT_SIZE_WRONG"
> {}

/**
 * Fetches what a contract names, opens it, and holds it against the address in the contract: what
 * runs is what the requester signed, whoever served it. Workers and verifiers alike come here. Files
 * lie sealed on this machine afterwards; they are opened while the task reads them.
 */
export async function fetchTask(
  blobs: Pick<Blobs, "fetch">,
  dispatch: Dispatch,
  from: { hints: readonly NodeId[]; signal: AbortSignal },
): Promise<HostTask> {
  const { contract, orderId } = dispatch;
  const openFile = async (ref: InputRef): Promise<HostFile | null> => {
    const { contentId: id, sizeBytes } = ref;
    if (!isInputSize(ref))
      throw new InputError("INPUT_SIZE_WRONG", `${id} cannot have ${sizeBytes} bytes`);
    if (!isFileId(id)) return null;
    const map = await openSealed(blobs, dispatch, { ...from, id, maxBytes: FILE_MAP_BYTES });
    if (map === null) throw mismatch(id);
    return fetchFile(blobs, { id, sizeBytes, map }, { ...from, orderId });
  };
  const open = async ({ contentId: id, sizeBytes }: InputRef | ContentRef) => {
    const maxBytes = sizeBytes + limits.sealOverheadBytes;
    const bytes = await openSealed(blobs, dispatch, { ...from, id, maxBytes });
    if (bytes === null || contentIdOf(bytes) !== id) throw mismatch(id);
    return new Uint8Array(bytes);
  };
  const [program, inputs] = await Promise.all([
    open(contract.program),
    Promise.all(contract.inputs.map(async (ref) => (await openFile(ref)) ?? open(ref))),
  ]);
  return {
    program: { runtime: contract.runtime, bytes: program },
    inputs,
    limits: contract.limits,
  };
}

/** Other content that the contract names: a comparator's program, or a rubric. */
export async function fetchContent(
  blobs: Pick<Blobs, "fetch">,
  dispatch: Dispatch,
  { ref, ...from }: { ref: ContentRef; hints: readonly NodeId[]; signal: AbortSignal },
): Promise<Uint8Array<ArrayBuffer>> {
  const { contentId: id, sizeBytes } = ref;
  const maxBytes = sizeBytes + limits.sealOverheadBytes;
  const bytes = await openSealed(blobs, dispatch, { ...from, id, maxBytes });
  if (bytes === null || contentIdOf(bytes) !== id) throw mismatch(id);
  return new Uint8Array(bytes);
}

type InputId = InputRef["contentId"];

/** Null when the order's key does not open what lies there. */
async function openSealed(
  blobs: Pick<Blobs, "fetch">,
  { sealed, dataKey, orderId }: Dispatch,
  { id, ...from }: { id: InputId; maxBytes: number; hints: readonly NodeId[]; signal: AbortSignal },
): Promise<Uint8Array | null> {
  const place = sealed.find(({ plain }) => plain === id);
  if (place !== undefined)
    return openBytes(fromHex(dataKey), await blobs.fetch(place.sealed, { ...from, orderId }));
  throw new InputError("INPUT_NOT_SEALED_FOR", `the dispatch does not say where ${id} lies`);
}

const mismatch = (id: InputId) =>
  new InputError(
    "INPUT_HASH_MISMATCH",
    `what lies sealed for ${id} is not it: the requester's node sealed other data than the contract names`,
  );
