import {
  DeleteObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import { type ContentId, contentId } from "@meshwork/foundation";
import { StorageError } from "../storage-error.ts";
import type { Deadline, Operation } from "./aws-client.ts";
import { whenNotFound } from "./aws-error.ts";

/** One object, and who to ask for it. */
export interface S3Object {
  readonly client: S3Client;
  readonly target: { readonly Bucket: string; readonly Key: string };
}

/** @throws StorageError `STORE_MISSING` and others */
export async function askBucket(
  client: S3Client,
  Bucket: string,
  { signal: abortSignal }: Deadline,
): Promise<void> {
  const found = await client
    .send(new HeadBucketCommand({ Bucket }), { abortSignal })
    .catch(whenNotFound(null));
  if (found === null) throw missing(Bucket);
}

export async function exists({ client, target }: S3Object, deadline: Deadline): Promise<boolean> {
  const found = await client
    .send(new HeadObjectCommand(target), { abortSignal: deadline.signal })
    .catch(whenNotFound(null));
  // To HEAD, S3 says 404 of a missing bucket too, and no more.
  if (found === null) await askBucket(client, target.Bucket, deadline);
  return found !== null;
}

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

const missing = (bucket: string) =>
  new StorageError(
    "STORE_MISSING",
    `bucket ${bucket} is not there: check its name, the account, AWS_REGION and AWS_ENDPOINT_URL`,
    { detail: { bucket } },
  );
