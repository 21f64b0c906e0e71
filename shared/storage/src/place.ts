import { StorageError } from "./storage-error.ts";

/** Where objects lie. A folder's path is the operating system's; a prefix has no slash at its ends. */
export type ObjectPlace =
  | { kind: "folder"; folder: string }
  | { kind: "bucket"; bucket: string; prefix: string | undefined };

/** Where anchors lie. */
export type AnchorPlace = { kind: "folder"; folder: string } | { kind: "table"; table: string };

/** Names as S3 and DynamoDB allow them; of keys only such as no tool has to escape. */
const BUCKET = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/((?:[\w.-]+\/)*[\w.-]+))?\/?$/;
const TABLE = /^dynamodb:\/\/([\w.-]{3,255})$/;

/** A folder, or `s3://bucket/prefix`. @throws StorageError `STORE_PLACE_INVALID` */
export function parseObjectPlace(address: string): ObjectPlace {
  if (isFolder(address)) return { kind: "folder", folder: address };
  const [, bucket, prefix] = BUCKET.exec(address) ?? [];
  if (bucket === undefined) throw invalid(address, "a folder, or s3://bucket/prefix");
  return { kind: "bucket", bucket, prefix };
}

/** A folder, or `dynamodb://table`. @throws StorageError `STORE_PLACE_INVALID` */
export function parseAnchorPlace(address: string): AnchorPlace {
  if (isFolder(address)) return { kind: "folder", folder: address };
  const [, table] = TABLE.exec(address) ?? [];
  if (table === undefined) throw invalid(address, "a folder, or dynamodb://table");
  return { kind: "table", table };
}

const isFolder = (address: string): boolean =>
  address !== "" && !address.includes("://") && !address.includes("\0");

const invalid = (address: string, use: string) =>
  new StorageError(
    "STORE_PLACE_INVALID",
    `${JSON.stringify(address)} names no place for a store: use ${use}`,
    { detail: { address } },
  );
