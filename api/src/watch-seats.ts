import type { NodeId } from "@meshwork/foundation";
import { DoorError } from "./door-error.ts";

/** Event streams are long and hold a socket each: they are counted, for all and for each account. */
export function createWatchSeats(options: { max: number; maxPerAccount: number }) {
  const perAccount = new Map<NodeId, number>();
  let taken = 0;

  const add = (account: NodeId, change: 1 | -1) => {
    const count = (perAccount.get(account) ?? 0) + change;
    taken += change;
    if (count === 0) perAccount.delete(account);
    else perAccount.set(account, count);
  };

  return {
    /** Call the result when the stream has ended. Throws TOO_MANY_WATCHES. */
    take(account: NodeId): () => void {
      const own = perAccount.get(account) ?? 0;
      if (taken >= options.max || own >= options.maxPerAccount)
        throw new DoorError(
          "TOO_MANY_WATCHES",
          `this account has ${own} of ${options.maxPerAccount} event streams open, the server ${taken} of ${options.max}: close one, or ask with tasks.get`,
          { detail: { own, taken } },
        );
      add(account, 1);
      return () => add(account, -1);
    },
    get taken(): number {
      return taken;
    },
  };
}
export type WatchSeats = ReturnType<typeof createWatchSeats>;
