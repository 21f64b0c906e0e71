import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type Clock, limits } from "@meshwork/foundation";
import type { S3Object } from "./bucket.ts";

/** A request that anybody may make once he holds it, exactly so and until it expires. */
export interface PresignedRequest {
  readonly method: "PUT" | "GET";
  readonly url: string;
  /** To be sent as they are. (An HTTP client sets `content-length` by itself.) */
  readonly headers: Readonly<Record<string, string>>;
  /** By this machine's clock, in milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

interface Signing extends S3Object {
  readonly clock: Clock;
}

const CHECKSUM = "x-amz-checksum-sha256";

/** S3 itself refuses other bytes (their checksum is signed), another size, and a second time (412). */
export async function presignUpload(
  { client, target, clock }: Signing,
  { checksum, sizeBytes }: { checksum: string; sizeBytes: number },
): Promise<PresignedRequest> {
  const command = new PutObjectCommand({
    ...target,
    ChecksumSHA256: checksum,
    ContentLength: sizeBytes,
    IfNoneMatch: "*",
  });
  const url = await getSignedUrl(client, command, {
    ...untilExpiry(clock),
    // A header is checked; a parameter of the URL, which the SDK would make of it, may be ignored.
    unhoistableHeaders: new Set([CHECKSUM]),
  });
  const headers = {
    "content-length": String(sizeBytes),
    "if-none-match": "*",
    [CHECKSUM]: checksum,
  };
  return { method: "PUT", url, headers, expiresAt: clock.now() + limits.presignedMs };
}

/** Who downloads hashes what came: the name says what it must be. */
export async function presignDownload({
  client,
  target,
  clock,
}: Signing): Promise<PresignedRequest> {
  const url = await getSignedUrl(client, new GetObjectCommand(target), untilExpiry(clock));
  return { method: "GET", url, headers: {}, expiresAt: clock.now() + limits.presignedMs };
}

const untilExpiry = (clock: Clock) => ({
  signingDate: new Date(clock.now()),
  expiresIn: limits.presignedMs / 1_000,
});
