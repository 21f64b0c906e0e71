import type { Effect } from "./effect.ts";

/** The event under way: its time, and what it brings about. */
export class Turn {
  now = 0;
  effects: Effect[] = [];

  begin(now: number): void {
    this.now = now;
    this.effects = [];
  }

  emit(effect: Effect): void {
    this.effects.push(effect);
  }
}
