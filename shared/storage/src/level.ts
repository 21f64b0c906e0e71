import { type BlockHash, blockHash } from "@meshwork/foundation";
import { ClassicLevel } from "classic-level";
import { type Anchor, type AnchorStore, anchorConflict } from "./anchor-store.ts";

/** Without `sync` LevelDB does not wait for the disk. */
const DURABLE = { sync: true } as const;
const HEAD = "head";
/** Fixed width, so that LevelDB keeps heights in order. */
const keyOf = (height: number) => `anchor/${String(height).padStart(16, "0")}`;

/** Anchors in a LevelDB folder, which one process owns at a time. */
export async function openLevelAnchorStore(folder: string): Promise<AnchorStore> {
  const database = new ClassicLevel<string, string>(folder);
  await database.open();
  let turn: Promise<unknown> = Promise.resolve();

  /** One writer after the other: LevelDB has no compare-and-set of its own. */
  function exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  }

  async function at(height: number): Promise<Anchor | null> {
    const hash = await database.get(keyOf(height));
    return hash === undefined ? null : { height, hash: blockHash.parse(hash) as BlockHash };
  }

  async function head(): Promise<Anchor | null> {
    const height = await database.get(HEAD);
    return height === undefined ? null : at(Number(height));
  }

  return {
    at,
    head,
    append: (anchor) =>
      exclusively(async () => {
        const known = await at(anchor.height);
        if (known === null) return database.put(keyOf(anchor.height), anchor.hash, DURABLE);
        if (known.hash !== anchor.hash) throw anchorConflict(known, anchor);
      }),
    compareAndSetHead: (expected, next) =>
      exclusively(async () => {
        const [current, appended] = [await head(), await at(next.height)];
        if (current?.hash !== expected?.hash || current?.height !== expected?.height) return false;
        if (appended?.hash !== next.hash || next.height <= (current?.height ?? -1)) return false;
        await database.put(HEAD, String(next.height), DURABLE);
        return true;
      }),
    close: () => database.close(),
  };
}
