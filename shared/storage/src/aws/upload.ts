import { PutObjectCommand } from "@aws-sdk/client-s3";
import { assert, type ContentId } from "@meshwork/foundation";
import { contentIdOf } from "../content-id.ts";
import { StorageError } from "../storage-error.ts";
import { when } from "./aws-error.ts";
import { headOf } from "./bucket.ts";
import { checksumOfContent, checksumOfParts } from "./checksum.ts";
import { type Download, download } from "./download.ts";
import { type Part, partsOf, partsOfStream } from "./parts.ts";
import { uploadInParts } from "./upload-in-parts.ts";

interface Upload extends Download {
  readonly id: ContentId;
  readonly partBytes: number;
}

export interface BytesUpload extends Upload {
  readonly bytes: Uint8Array;
}

export interface StreamUpload extends Upload {
  readonly source: AsyncIterable<Uint8Array>;
}

/** The condition under which an object is put once, … */
const ONCE = { IfNoneMatch: "*" } as const;
/** … and S3's answers when there is one: before, just now, or by a request of ours whose answer was lost. */
const THERE = ["PreconditionFailed", "ConditionalRequestConflict", "NoSuchUpload"];

/**
 * Puts an object once. If there is one already it stays, unless it is damaged: only then is it
 * overwritten, which is safe at any time, since all who write under this name write the same bytes.
 */
export async function upload(job: BytesUpload): Promise<void> {
  const { client, target, bytes, partBytes, deadline } = job;
  const { signal } = deadline;
  deadline.allow(bytes.length);
  const parts = bytes.length > partBytes ? partsOf(bytes, partBytes) : [];
  const write = (condition: Partial<typeof ONCE>): Promise<unknown> =>
    parts.length > 0
      ? uploadInParts(client, { target, parts, condition, signal })
      : client.send(
          new PutObjectCommand({
            ...target,
            ...condition,
            Body: bytes,
            // Both: a bucket with an object lock asks for the algorithm by name.
            ChecksumAlgorithm: "SHA256",
            ChecksumSHA256: checksumOfContent(job.id),
          }),
          { abortSignal: signal },
        );

  // A question that may spare a long upload.
  if (parts.length > 0 && (await isHealthy(job, parts))) return;
  const put = await write(ONCE).then(() => true, when(THERE, false));
  if (!put && !(await isHealthy(job, parts))) await write({});
}

/** The same for content that nobody holds as a whole: a large one is sent once, and heals nothing. */
export async function uploadStream(job: StreamUpload): Promise<void> {
  const { client, target, deadline } = job;
  deadline.allow(2 * job.partBytes);
  const stream = partsOfStream(job.source, job);
  const first = await stream.next();
  const second = await stream.next();
  assert(!first.done, "a stream has one part at least");
  if (second.done) return upload({ ...job, bytes: first.value.bytes });

  const sent: Pick<Part, "checksum">[] = [];
  const beginning = [first.value, second.value];
  async function* parts() {
    for await (const part of chain(beginning, stream)) {
      deadline.allow(part.bytes.length);
      sent.push({ checksum: part.checksum });
      yield part;
    }
  }
  const put = await uploadInParts(client, {
    target,
    parts: parts(),
    condition: ONCE,
    signal: deadline.signal,
  }).then(() => true, when(THERE, false));
  if (!put && !(await isHealthy(job, sent))) throw cannotHeal(job.id, target.Key);
}

async function* chain<T>(first: Iterable<T>, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield* first;
  yield* rest;
}

/** Whether S3 holds the right bytes, by the checksum that it took of them; without one they are read. */
async function isHealthy(job: Upload, parts: readonly Pick<Part, "checksum">[]): Promise<boolean> {
  const head = await headOf(job, job.deadline);
  if (head === null) return false;
  // Of an object that came in parts: `<checksum>-<number of parts>`.
  const stored = head.ChecksumSHA256?.replace(/-\d+$/, "");
  if (stored === checksumOfContent(job.id)) return true;
  if (stored === checksumOfParts(parts.map(({ checksum }) => checksum))) return true;
  const bytes = await download(job);
  return bytes !== null && contentIdOf(bytes) === job.id;
}

const cannotHeal = (id: ContentId, key: string) =>
  new StorageError(
    "OBJECT_DAMAGED",
    `${key} is there and is not the content of its name, and a stream is sent once: delete it and send it again`,
    { detail: { id, key } },
  );
