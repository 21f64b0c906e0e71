/** How many snapshots stay, by each rule; a snapshot stays if any rule wants it. All in UTC. */
export interface Retention {
  /** The highest ones. */
  keepLast?: number | undefined;
  /** Of so many days, weeks (from Monday) and months with snapshots: the highest of each. */
  keepDaily?: number | undefined;
  keepWeekly?: number | undefined;
  keepMonthly?: number | undefined;
}

interface Dated {
  readonly height: number;
  /** Wall time of its block, in ms. */
  readonly time: number;
}

const DAY_MS = 86_400_000;
/** 1 January 1970 was a Thursday. */
const MONDAY = 3;

const dayOf = (time: number) => Math.floor(time / DAY_MS);
const monthOf = (time: number) => new Date(time).toISOString().slice(0, 7);

/** The heights that stay. The highest always does: there is nothing newer to go back to. */
export function keptHeights(snapshots: readonly Dated[], retention: Retention): Set<number> {
  const newestFirst = [...snapshots].sort((a, b) => b.height - a.height);
  const { keepLast = 0, keepDaily = 0, keepWeekly = 0, keepMonthly = 0 } = retention;
  return new Set([
    ...firstOfEach(newestFirst, Math.max(1, keepLast), ({ height }) => height),
    ...firstOfEach(newestFirst, keepDaily, ({ time }) => dayOf(time)),
    ...firstOfEach(newestFirst, keepWeekly, ({ time }) => Math.floor((dayOf(time) + MONDAY) / 7)),
    ...firstOfEach(newestFirst, keepMonthly, ({ time }) => monthOf(time)),
  ]);
}

function firstOfEach(
  newestFirst: readonly Dated[],
  periods: number,
  periodOf: (snapshot: Dated) => unknown,
): number[] {
  const first = new Map<unknown, number>();
  for (const snapshot of newestFirst) {
    const period = periodOf(snapshot);
    if (!first.has(period) && first.size < periods) first.set(period, snapshot.height);
  }
  return [...first.values()];
}
