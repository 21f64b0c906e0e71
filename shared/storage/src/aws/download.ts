import { Readable } from "node:stream";
import { GetObjectCommand, type GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { assert, type Clock, concat, type Random, sleep } from "@meshwork/foundation";
import { StorageError } from "../storage-error.ts";
import type { Deadline } from "./aws-client.ts";
import { when } from "./aws-error.ts";
import type { S3Object } from "./bucket.ts";
import { tooLarge } from "./parts.ts";

export interface Download extends S3Object {
  readonly maxObjectBytes: number;
  readonly attempts: number;
  readonly deadline: Deadline;
  readonly clock: Clock;
  readonly random: Random;
}

/** All bytes of an object, whatever they are; null when there is none. */
export async function download(job: Download): Promise<Uint8Array | null> {
  for (let attempt = 1; ; attempt++) {
    const answer = await job.client
      .send(new GetObjectCommand(job.target), { abortSignal: job.deadline.signal })
      .catch(when(["NoSuchKey"], null));
    if (answer === null) return null;
    try {
      return await readBody(answer, job);
    } catch (error) {
      // The SDK tries again until an answer begins. A body that breaks off is for us to ask again.
      const final = error instanceof StorageError && error.code !== "STORE_UNREACHABLE";
      if (final || job.deadline.signal.aborted || attempt >= job.attempts) throw error;
    }
    await sleep(job.clock, pauseMs(attempt, job.random), job.deadline.signal);
  }
}

async function readBody(
  { Body, ContentLength }: GetObjectCommandOutput,
  { maxObjectBytes, deadline, target }: Download,
): Promise<Uint8Array> {
  assert(Body instanceof Readable, "Node's S3 client gives a stream");
  const tooMuch = (sizeBytes: number) => {
    Body.destroy();
    return tooLarge(sizeBytes, maxObjectBytes);
  };
  if (ContentLength !== undefined && ContentLength > maxObjectBytes) throw tooMuch(ContentLength);
  deadline.allow(ContentLength ?? maxObjectBytes);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of Body) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxObjectBytes) throw tooMuch(sizeBytes);
    chunks.push(chunk);
  }
  if (ContentLength !== undefined && sizeBytes !== ContentLength)
    throw cut(target.Key, sizeBytes, ContentLength);
  return concat(...chunks);
}

/** Twice as long each time, and up to twice that: many readers shall not come back together. */
function pauseMs(attempt: number, random: Random): number {
  const [byte = 0] = random.bytes(1);
  return 100 * 2 ** attempt * (1 + byte / 255);
}

const cut = (key: string, sizeBytes: number, announcedBytes: number) =>
  new StorageError(
    "STORE_UNREACHABLE",
    `${key} broke off after ${sizeBytes} of ${announcedBytes} bytes, after several attempts: check the network and try again`,
    { detail: { key, sizeBytes, announcedBytes } },
  );
