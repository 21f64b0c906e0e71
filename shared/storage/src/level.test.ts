import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe } from "vitest";
import { openLevelAnchorStore } from "./level.ts";
import { anchorStoreContract } from "./testing/contract.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-level-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("the LevelDB driver", () => {
  anchorStoreContract(async () => ({
    store: await openLevelAnchorStore(folder),
    reopen: () => openLevelAnchorStore(folder),
  }));
});
