import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromUtf8, utf8 } from "@meshwork/foundation";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openRecordLog } from "./record-log.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-log-"));
  path = join(folder, "log");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const record = (i: number) => utf8(`record ${i} ${"x".repeat((i * 37) % 90)}`);
const texts = (records: Uint8Array[]) => records.map(fromUtf8);

async function written(count: number): Promise<Buffer> {
  const { log } = await openRecordLog(path);
  for (let i = 0; i < count; i++) await log.append(record(i));
  await log.close();
  return readFile(path);
}

async function reopened(): Promise<string[]> {
  const { log, records } = await openRecordLog(path);
  await log.close();
  return texts(records);
}

describe("the record log", () => {
  test("gives back what was appended, in order, and goes on after reopening", async () => {
    const { log } = await openRecordLog(path);
    await Promise.all([log.append(record(1)), log.append(record(2)), log.append(utf8(""))]);
    await log.append(record(3));
    await log.close();
    const again = await openRecordLog(path);
    expect(texts(again.records)).toEqual(texts([record(1), record(2), utf8(""), record(3)]));
    await again.log.append(record(4));
    await again.log.close();
    expect(await reopened()).toHaveLength(5);
  });

  test("appends of one turn share one write", async () => {
    const { log } = await openRecordLog(path);
    const before = log.sizeBytes;
    await Promise.all(Array.from({ length: 50 }, () => log.append(utf8("x"))));
    expect(log.sizeBytes - before).toBe(12 + 50 * 5);
    await log.close();
  });

  test("a rewrite keeps the given records alone, and appends go on behind them", async () => {
    const { log } = await openRecordLog(path);
    for (let i = 0; i < 20; i++) await log.append(record(i));
    const size = log.sizeBytes;
    const [, , after] = await Promise.all([
      log.append(record(20)),
      log.rewrite([record(20)]),
      log.append(record(21)).then(() => log.sizeBytes),
    ]);
    expect(after).toBeLessThan(size);
    await log.close();
    expect(await reopened()).toEqual(texts([record(20), record(21)]));
    expect(await readdir(folder)).toEqual(["log"]);
  });

  test("after a failed write nothing more is taken", async () => {
    const { log } = await openRecordLog(path);
    await log.close();
    await expect(log.append(record(1))).rejects.toMatchObject({ code: "LOG_WRITE_FAILED" });
  });
});

describe("a record log that something happened to", () => {
  test("cut anywhere, it gives back the whole frames before the cut and can be written again", async () => {
    const whole = await written(6);
    const all = await reopened();
    for (let cut = 0; cut < whole.length; cut += 3) {
      await writeFile(path, whole.subarray(0, cut));
      const { log, records } = await openRecordLog(path);
      expect(texts(records)).toEqual(all.slice(0, records.length));
      await log.append(utf8("after"));
      await log.close();
      expect(await reopened()).toEqual([...all.slice(0, records.length), "after"]);
    }
  });

  test("a tail that the disk had allocated but not written is torn, not damaged", async () => {
    const whole = await written(3);
    await appendFile(path, Buffer.alloc(300));
    expect(await reopened()).toHaveLength(3);
    await writeFile(path, Buffer.concat([whole.subarray(0, whole.length - 70), Buffer.alloc(70)]));
    expect(await reopened()).toHaveLength(2);
  });

  test("no flipped bit is ever taken for a record or forgotten in silence", async () => {
    const whole = await written(4);
    for (let bit = 8 * 8; bit < 8 * whole.length; bit += 7) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await writeFile(path, flipped);
      await expect(openRecordLog(path), `bit ${bit}`).rejects.toMatchObject({
        code: "LOG_DAMAGED",
      });
    }
  });

  test("zeros in the middle are damage, because whole frames stand behind them", async () => {
    const whole = await written(8);
    whole.fill(0, 60, 140);
    await writeFile(path, whole);
    await expect(openRecordLog(path)).rejects.toMatchObject({ code: "LOG_DAMAGED" });
  });

  test("a file that is no log is left alone", async () => {
    await writeFile(path, "something else entirely");
    await expect(openRecordLog(path)).rejects.toMatchObject({ code: "LOG_UNKNOWN_FORMAT" });
    expect(await readFile(path, "utf8")).toBe("something else entirely");
  });
});
