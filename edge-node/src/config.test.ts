import { describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";

const read = (more: Record<string, string> = {}) => readConfig({ MESHWORK_DATA: "/data", ...more });

describe("the settings that name stores", () => {
  test("a node at home has none", () => {
    expect(read()).toMatchObject({ taskDataStore: null, snapshotStore: null, anchorStore: null });
  });

  test("a team's node has buckets and a table", () => {
    const config = read({
      MESHWORK_TASK_DATA: "s3://task-data/objects",
      MESHWORK_SNAPSHOTS: "s3://ledger/snapshots",
      MESHWORK_ANCHORS: "dynamodb://anchors",
    });
    expect(config).toMatchObject({
      taskDataStore: "s3://task-data/objects",
      snapshotStore: "s3://ledger/snapshots",
      anchorStore: "dynamodb://anchors",
    });
  });

  test("snapshots in a folder need no table", () => {
    expect(read({ MESHWORK_SNAPSHOTS: "/backups" }).snapshotStore).toBe("/backups");
  });

  test("a checkpoint is a height and a hash", () => {
    const hash = "0f".repeat(32);
    expect(read({ MESHWORK_CHECKPOINT: `1200:${hash}` }).checkpoint).toEqual({
      height: 1_200,
      hash,
    });
    expect(read().checkpoint).toBeNull();
  });

  test.each([
    [{ MESHWORK_TASK_DATA: "http://bucket/objects" }, "MESHWORK_TASK_DATA"],
    [{ MESHWORK_ANCHORS: "s3://anchors" }, "MESHWORK_ANCHORS"],
    [{ MESHWORK_CHECKPOINT: "1200" }, "MESHWORK_CHECKPOINT"],
    [{ MESHWORK_SNAPSHOTS: "s3://ledger/snapshots" }, "MESHWORK_ANCHORS"],
  ])("a wrong one ends the program at its start, and is named: %o", (settings, variable) => {
    expect(() => read(settings)).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        detail: expect.objectContaining({ variable }),
      }),
    );
  });
});
