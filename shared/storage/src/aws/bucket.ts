import {
  DeleteObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import { type ContentId, contentId } from "@meshwork/foundation";
import type { Deadline, Operation } from "./aws-client.ts";
import { statusOf } from "./aws-error.ts";

/** One object, and who to ask for it. */
export interface S3Object {
  readonly client: S3Client;
  readonly target: { readonly Bucket: string; readonly Key: string };
}

/** Asks the bucket for something that it gives to all who may use it; if not, the answer says why. */
export async function askBucket(
  client: S3Client,
  Bucket: string,
  { signal: abortSignal }: Deadline,
): Promise<void> {
  await client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 1 }), { abortSignal });
}

/** What S3 knows of an object without reading it, its checksum among that; null when there is none. */
export async function headOf(
  { client, target }: S3Object,
  deadline: Deadline,
): Promise<HeadObjectCommandOutput | null> {
  const command = new HeadObjectCommand({ ...target, ChecksumMode: "ENABLED" });
  try {
    return await client.send(command, { abortSignal: deadline.signal });
  } catch (error) {
    const status = statusOf(error);
    // To HEAD, S3 refuses by a status alone: 404 of a missing bucket too, 403 of a wrong clock too.
    if (status >= 300 && status < 500) await askBucket(client, target.Bucket, deadline);
    if (status === 404) return null;
    throw error;
  }
}

export const exists = async (object: S3Object, deadline: Deadline): Promise<boolean> =>
  (await headOf(object, deadline)) !== null;

/** S3 does not say whether there was something to delete. */
export async function remove(object: S3Object, deadline: Deadline): Promise<boolean> {
  if (!(await exists(object, deadline))) return false;
  const command = new DeleteObjectCommand(object.target);
  await object.client.send(command, { abortSignal: deadline.signal });
  return true;
}

/** A page at a time, each an operation of its own: a large bucket takes as long as it takes. */
export async function* namesIn(
  { client, bucket, folder }: { client: S3Client; bucket: string; folder: string },
  operation: Operation,
): AsyncGenerator<ContentId> {
  let ContinuationToken: string | undefined;
  do {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: folder,
      // What lies deeper is somebody else's.
      Delimiter: "/",
      ContinuationToken,
    });
    const page = await operation(({ signal }) => client.send(command, { abortSignal: signal }));
    for (const { Key = "" } of page.Contents ?? []) {
      const name = contentId.safeParse(Key.slice(folder.length));
      if (name.success) yield name.data;
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
}
