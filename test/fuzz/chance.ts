/** Repeatable chance for fuzzing: its seed is all there is to it. */
export interface Chance {
  /** A whole number from 0 to below `limit`. */
  readonly below: (limit: number) => number;
  readonly pick: <T>(choices: readonly T[]) => T;
}

/** splitmix32: neighbouring seeds give unrelated rows. */
export function chance(seed: number): Chance {
  let state = Math.imul(seed, 0x9e3779b9);
  const below = (limit: number) => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % limit;
  };
  const pick = <T>(choices: readonly T[]): T => choices[below(choices.length)] as T;
  return { below, pick };
}
