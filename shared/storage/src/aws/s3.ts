import { S3Client } from "@aws-sdk/client-s3";
import {
  type ContentId,
  contentId,
  limits,
  type Random,
  systemClock,
  systemRandom,
} from "@meshwork/foundation";
import { contentIdOf } from "../content-id.ts";
import type { ObjectStore } from "../object-store.ts";
import { StorageError } from "../storage-error.ts";
import { type AwsOptions, clientSettings, needsPathStyle, operations } from "./aws-client.ts";
import { askBucket, exists, headOf, namesIn, remove } from "./bucket.ts";
import { checksumOfContent } from "./checksum.ts";
import { download } from "./download.ts";
import { tooLarge } from "./parts.ts";
import { type PresignedRequest, presignDownload, presignUpload } from "./presign.ts";
import { upload, uploadStream } from "./upload.ts";

export type { AwsConnection } from "./aws-client.ts";
export type { PresignedRequest };

export interface S3StoreOptions extends AwsOptions {
  bucket: string;
  /** Objects lie under `<prefix>/<content id>`. @default none: the bucket holds nothing else */
  prefix?: string;
  maxObjectBytes: number;
  /** Larger objects travel in parts of this size; S3 wants 5 MiB or more. @default limits.storagePartBytes */
  partBytes?: number;
  /** For the pauses between attempts. @default the operating system's */
  random?: Random;
}

/** All of it may fail with `STORE_MISSING`, `STORE_FORBIDDEN`, `STORE_BUSY`, `STORE_UNREACHABLE`, `CLOCK_SKEWED`. */
export interface S3Store extends ObjectStore {
  /** Fails when the bucket cannot be used, and says why: for a program's start. */
  check(): Promise<void>;
  /**
   * Stores the content of `id` without ever holding all of it.
   * @throws StorageError `OBJECT_DAMAGED` when the stream was something else; nothing is stored then
   */
  putStream(id: ContentId, source: AsyncIterable<Uint8Array>): Promise<void>;
  /** For somebody without credentials to upload exactly this content, once, soon. */
  presignUpload(id: ContentId, sizeBytes: number): Promise<PresignedRequest>;
  presignDownload(id: ContentId): Promise<PresignedRequest>;
  /** Ends the connections. */
  close(): void;
}

/** Objects in an S3 bucket. Nothing is asked of the network before the first call. */
export function openS3Store(options: S3StoreOptions): S3Store {
  const { bucket, prefix, maxObjectBytes, clock = systemClock, random = systemRandom } = options;
  const { attempts = limits.storageAttempts, partBytes = limits.storagePartBytes } = options;
  const client = s3Client(options);
  const operation = operations({ kind: "bucket", name: bucket }, options);
  const folder = prefix === undefined ? "" : `${prefix}/`;
  const objectOf = (id: ContentId) => ({
    client,
    target: { Bucket: bucket, Key: folder + contentId.parse(id) },
  });
  const reading = { maxObjectBytes, attempts, clock, random };
  const writing = { ...reading, partBytes };

  return {
    check: () => operation((deadline) => askBucket(client, bucket, deadline)),

    async put(bytes) {
      if (bytes.length > maxObjectBytes) throw tooLarge(bytes.length, maxObjectBytes);
      const id = contentIdOf(bytes);
      await operation((deadline) => upload({ ...objectOf(id), ...writing, id, bytes, deadline }));
      return id;
    },

    putStream: (id, source) =>
      operation((deadline) => uploadStream({ ...objectOf(id), ...writing, id, source, deadline })),

    async get(id, { maxBytes = maxObjectBytes } = {}) {
      const bounded = { ...reading, maxObjectBytes: Math.min(maxBytes, maxObjectBytes) };
      const bytes = await operation((deadline) =>
        download({ ...objectOf(id), ...bounded, deadline }),
      );
      if (bytes !== null && contentIdOf(bytes) !== id) throw damaged(id, bucket, folder);
      return bytes;
    },

    has: (id) => operation((deadline) => exists(objectOf(id), deadline)),

    storedAt: (id) => operation(async (deadline) => timeOf(await headOf(objectOf(id), deadline))),

    list: () => namesIn({ client, bucket, folder }, operation),

    delete: (id) => operation((deadline) => remove(objectOf(id), deadline)),

    async presignUpload(id, sizeBytes) {
      if (sizeBytes > maxObjectBytes) throw tooLarge(sizeBytes, maxObjectBytes);
      const checksum = checksumOfContent(id);
      return operation(() => presignUpload({ ...objectOf(id), clock }, { checksum, sizeBytes }));
    },

    presignDownload: (id) => operation(() => presignDownload({ ...objectOf(id), clock })),

    close: () => client.destroy(),
  };
}

const timeOf = (head: { LastModified?: Date | undefined } | null): number | null =>
  head?.LastModified?.getTime() ?? null;

const s3Client = (options: S3StoreOptions) =>
  new S3Client({
    ...clientSettings(options),
    forcePathStyle: needsPathStyle(
      options.connection?.endpoint ??
        process.env.AWS_ENDPOINT_URL_S3 ??
        process.env.AWS_ENDPOINT_URL,
    ),
    // The SHA-256 of everything is known, and given. By default the SDK would add a CRC32 of its own,
    // and sign that of an empty body into a presigned upload.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });

const damaged = (id: ContentId, bucket: string, folder: string) =>
  new StorageError(
    "OBJECT_DAMAGED",
    `s3://${bucket}/${folder}${id} does not hold the content that it is named after: delete it, or put the content again`,
    { detail: { id, bucket, folder } },
  );
