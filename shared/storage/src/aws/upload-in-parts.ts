import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { limits } from "@meshwork/foundation";
import type { Part } from "./parts.ts";

export interface UploadInParts {
  readonly target: { readonly Bucket: string; readonly Key: string };
  /** What they throw ends the upload. */
  readonly parts: Iterable<Part> | AsyncIterable<Part>;
  /** Holds when the upload completes, or it does not complete. */
  readonly condition: { readonly IfNoneMatch?: "*" };
  readonly signal: AbortSignal;
}

/**
 * One object from many parts, a few under way at once. It exists once the last request succeeds, and
 * not before. A failure, wherever, stops all parts, and then removes those that have arrived.
 *
 * (`@aws-sdk/lib-storage` sends the rest before it reports a failure, removes nothing when completing
 * is refused, and its abort reaches no request that is under way.)
 */
export async function uploadInParts(client: S3Client, upload: UploadInParts): Promise<void> {
  const { target, condition, signal: abortSignal } = upload;
  const begin = new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm: "SHA256" });
  const { UploadId } = await client.send(begin, { abortSignal });
  const unfinished = { ...target, UploadId };
  try {
    const Parts = await sendParts(client, upload, unfinished);
    await client.send(
      new CompleteMultipartUploadCommand({
        ...unfinished,
        ...condition,
        MultipartUpload: { Parts },
      }),
      { abortSignal },
    );
  } catch (error) {
    // Best effort: what even this leaves behind goes by the bucket's lifecycle rule.
    await client.send(new AbortMultipartUploadCommand(unfinished)).catch(() => {});
    throw error;
  }
}

type Unfinished = UploadInParts["target"] & { readonly UploadId: string | undefined };

async function sendParts(
  client: S3Client,
  { parts, signal }: UploadInParts,
  unfinished: Unfinished,
): Promise<CompletedPart[]> {
  const failed = new AbortController();
  const abortSignal = AbortSignal.any([signal, failed.signal]);
  const sent: CompletedPart[] = [];
  const queue = oneByOne(parts);

  async function sendUntilDone(): Promise<void> {
    for await (const { number: PartNumber, checksum: ChecksumSHA256, bytes: Body } of queue) {
      abortSignal.throwIfAborted();
      const part = { PartNumber, ChecksumSHA256 };
      const command = new UploadPartCommand({
        ...unfinished,
        ...part,
        ChecksumAlgorithm: "SHA256",
        Body,
      });
      const { ETag } = await client.send(command, { abortSignal });
      sent.push({ ...part, ETag });
    }
  }

  const senders = Array.from({ length: limits.storagePartsAtOnce }, sendUntilDone);
  // Only when all have ended may the parts be removed: one that is under way would stay.
  await Promise.all(senders.map((sender) => sender.catch((error) => failed.abort(error))));
  abortSignal.throwIfAborted();
  return sent.sort((a, b) => Number(a.PartNumber) - Number(b.PartNumber));
}

/** Several may take from it at once, each part goes to one of them. */
async function* oneByOne(parts: Iterable<Part> | AsyncIterable<Part>): AsyncGenerator<Part> {
  yield* parts;
}
