import { describe, expect, test } from "vitest";
import { StorageError } from "../storage-error.ts";
import { explained, when } from "./aws-error.ts";

const place = { kind: "bucket", name: "task-data" } as const;

/** As the SDK throws: a service's name for what it refused, and the status that it came with. */
const refusal = (name: string, status = 0, message = "") =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });

describe("an error of AWS", () => {
  test.each<[Error, string, string]>([
    [refusal("NoSuchBucket", 404), "STORE_MISSING", "check its name"],
    [refusal("PermanentRedirect", 301), "STORE_MISSING", "set AWS_REGION"],
    [new Error("Region is missing"), "STORE_MISSING", "set AWS_REGION"],
    [refusal("AccessDenied", 403), "STORE_FORBIDDEN", "policy"],
    [refusal("CredentialsProviderError"), "STORE_FORBIDDEN", "AWS_ACCESS_KEY_ID"],
    [refusal("ExpiredToken", 400), "STORE_FORBIDDEN", "credentials"],
    [refusal("403", 403), "STORE_FORBIDDEN", "credentials"],
    [refusal("SlowDown", 503), "STORE_BUSY", "try later"],
    [refusal("Unknown", 429), "STORE_BUSY", "try later"],
    [refusal("RequestTimeTooSkewed", 403), "CLOCK_SKEWED", "NTP"],
    [refusal("TimeoutError"), "STORE_UNREACHABLE", "network"],
    [Object.assign(new Error(), { code: "ECONNRESET" }), "STORE_UNREACHABLE", "network"],
    [refusal("InternalError", 500), "STORE_UNREACHABLE", "try again"],
    [refusal("EntityTooLarge", 400), "STORE_REFUSED", "EntityTooLarge"],
  ])("%s becomes %s and says what to do", (error, code, advice) => {
    const result = explained(error, place);
    expect(result).toBeInstanceOf(StorageError);
    expect(result).toMatchObject({ code, cause: error });
    expect((result as StorageError).message).toContain("bucket task-data");
    expect((result as StorageError).message).toContain(advice);
  });

  test("is explained once", () => {
    const once = explained(refusal("SlowDown", 503), place);
    expect(explained(once, place)).toBe(once);
  });

  test("is an ordinary no where it is named as one, and only there", () => {
    expect(when(["NoSuchKey"], null)(refusal("NoSuchKey", 404))).toBeNull();
    expect(() => when(["NoSuchKey"], null)(refusal("NoSuchBucket", 404))).toThrow();
  });
});
