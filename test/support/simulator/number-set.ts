/** A set of safe integers ≥ 0, ten times smaller than `Set` and as fast: open addressing. */
export class NumberSet {
  size = 0;
  #slots: Float64Array;

  /** @param capacity a power of two. */
  constructor(capacity: number) {
    this.#slots = new Float64Array(capacity);
  }

  /** False if it was there already. */
  add(value: number): boolean {
    if (2 * this.size >= this.#slots.length) this.#grow();
    const slot = this.#find(value);
    if (this.#slots[slot] !== 0) return false;
    this.#slots[slot] = value + 1;
    this.size++;
    return true;
  }

  /** Where the value is, or the free slot where it belongs. A slot holds the value + 1; 0 is free. */
  #find(value: number): number {
    const mask = this.#slots.length - 1;
    const mixed = Math.imul((value % 4_294_967_296) | 0, 0x9e37_79b1);
    let slot = (mixed ^ (mixed >>> 15) ^ Math.imul(value / 4_294_967_296, 0x85eb_ca6b)) & mask;
    while (this.#slots[slot] !== 0 && this.#slots[slot] !== value + 1) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Float64Array(2 * old.length);
    for (const entry of old) if (entry !== 0) this.#slots[this.#find(entry - 1)] = entry;
  }
}
