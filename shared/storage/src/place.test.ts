import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAnchorPlace, parseObjectPlace } from "./place.ts";
import { StorageError } from "./storage-error.ts";

describe("a place for objects", () => {
  test.each([
    ["/var/objects", { kind: "folder", folder: "/var/objects" }],
    ["objects", { kind: "folder", folder: "objects" }],
    ["s3://task-data", { kind: "bucket", bucket: "task-data", prefix: undefined }],
    ["s3://task-data/", { kind: "bucket", bucket: "task-data", prefix: undefined }],
    ["s3://task-data/objects", { kind: "bucket", bucket: "task-data", prefix: "objects" }],
    ["s3://task.data/a/b-c_d/", { kind: "bucket", bucket: "task.data", prefix: "a/b-c_d" }],
  ])("%s", (address, place) => expect(parseObjectPlace(address)).toEqual(place));

  test.each([
    "",
    "s3://",
    "s3://x",
    "s3://Bucket",
    "s3://bucket//objects",
    "s3://bucket/ob jects",
    "s3://bucket/objects?x=1",
    "s3://key:secret@bucket/objects",
    "https://bucket.s3.amazonaws.com/objects",
    "dynamodb://table",
  ])("%s is none", (address) => {
    expect(() => parseObjectPlace(address)).toThrow(
      expect.objectContaining({ code: "STORE_PLACE_INVALID" }),
    );
  });
});

describe("a place for anchors", () => {
  test("is a folder or a table", () => {
    expect(parseAnchorPlace("/var/anchors")).toEqual({ kind: "folder", folder: "/var/anchors" });
    expect(parseAnchorPlace("dynamodb://an.chors_1")).toEqual({
      kind: "table",
      table: "an.chors_1",
    });
  });

  test.each(["", "dynamodb://", "dynamodb://a/b", "s3://bucket"])("%s is none", (address) => {
    expect(() => parseAnchorPlace(address)).toThrow(
      expect.objectContaining({ code: "STORE_PLACE_INVALID" }),
    );
  });
});

test("whatever is written there is a place or a coded refusal", () => {
  const text = fc.oneof(
    fc.string(),
    fc.string().map((rest) => `s3://${rest}`),
    fc.string().map((rest) => `dynamodb://${rest}`),
  );
  fc.assert(
    fc.property(text, (address) => {
      for (const parse of [parseObjectPlace, parseAnchorPlace])
        try {
          parse(address);
        } catch (error) {
          expect(error).toBeInstanceOf(StorageError);
        }
    }),
  );
});
