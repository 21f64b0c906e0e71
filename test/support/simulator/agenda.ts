interface Entry {
  readonly time: number;
  readonly order: number;
  readonly run: () => void;
}

/** Virtual time: what is to happen when, the first first, and in the order of asking at one time. */
export class Agenda {
  now: number;
  #asked = 0;
  readonly #heap: Entry[] = [];

  constructor(start: number) {
    this.now = start;
  }

  after(delayMs: number, run: () => void): void {
    this.#push({ time: this.now + Math.max(0, Math.round(delayMs)), order: this.#asked++, run });
  }

  /** Runs the next entry at its time; false when there is none. */
  step(): boolean {
    const next = this.#pop();
    if (next === undefined) return false;
    this.now = next.time;
    next.run();
    return true;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as Entry;
      if (!isBefore(entry, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Entry)) child++;
      const smaller = heap[child] as Entry;
      if (!isBefore(smaller, last)) break;
      heap[at] = smaller;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

const isBefore = (a: Entry, b: Entry): boolean =>
  a.time < b.time || (a.time === b.time && a.order < b.order);
