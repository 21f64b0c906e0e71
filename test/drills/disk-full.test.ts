import { afterAll, beforeAll, expect, test } from "vitest";
import { VoteScan } from "../chaos/vote-scan.ts";
import { canHaveSmallDisks, type SmallDisk, Validators } from "../support/validators.ts";

const DISK_BYTES = 24 << 20;
/** Long enough for a dozen heights, were there a quorum. */
const A_WHILE_MS = 3_000;

let validators: Validators;

beforeAll(async () => {
  // What fills up must not be the machine's disk.
  if (!canHaveSmallDisks())
    throw new Error(
      "this drill needs Linux and unprivileged user namespaces: unshare --user --mount",
    );
  validators = await Validators.create();
});
afterAll(() => validators.end());

const look = (name: string) => validators.ask(name, { kind: "look", accounts: [] }, "seen");
const include = (name: string, count: number) =>
  validators.ask(name, { kind: "include", count }, "included");

test("a validator whose disk is full votes no more, says why, and goes on by itself when there is room", async () => {
  const [first, second, third, full] = validators.names as [string, string, string, string];
  await validators.start(first, second, third);
  const disk: SmallDisk = await validators.startOnSmallDisk(full, DISK_BYTES);
  await include(first, 3);
  await validators.ask(full, { kind: "wait", height: (await look(first)).height }, "at");

  await disk.fill();
  const trouble = async () => {
    await include(first, 1);
    return (await look(full)).trouble;
  };
  await expect.poll(trouble, { timeout: 60_000 }).toBe("DISK_FULL");
  const stuckAt = (await look(full)).height;
  await include(first, 3);
  expect((await look(full)).height).toBe(stuckAt);

  // Its vote is needed now, and does not come.
  await validators.kill(third);
  const before = (await look(first)).height;
  validators.tell(first, { kind: "load", atOnce: 2 });
  await expect.poll(() => validators.acknowledged.size).toBeGreaterThanOrEqual(2);
  await new Promise((resolve) => setTimeout(resolve, A_WHILE_MS));
  // A block whose F was under way when the third died may still come.
  const stopped = (await look(first)).height;
  expect(stopped).toBeLessThanOrEqual(before + 1);

  await disk.empty();
  await validators.ask(first, { kind: "wait", height: stopped + 3 }, "at");
  const here = await validators.ask(full, { kind: "wait", height: stopped + 3 }, "at");
  expect(here.height).toBeGreaterThan(stuckAt);
  expect((await look(full)).trouble).toBeNull();

  const scan = new VoteScan();
  await scan.read(disk.path);
  await validators.kill(first, second);
  for (const name of [first, second, third]) await scan.read(validators.folderOf(name));
  expect(scan.contradictions).toEqual([]);
}, 240_000);
