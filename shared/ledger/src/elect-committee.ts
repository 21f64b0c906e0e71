import { digestOf, nodeIdOf } from "@meshwork/crypto";
import { type Digest, fromHex, limits, utf8 } from "@meshwork/foundation";
import { type Genesis, type SeededDraw, seededDraw } from "@meshwork/protocol";
import { type Committee, definitions } from "./records.ts";
import type { State } from "./state.ts";

/** Epoch 0's committee: the seats that genesis names, in its order, led in an order that chance shuffled. */
export function committeeOfGenesis(genesis: Genesis, beacon: Digest): Committee {
  const seats = genesis.members
    .flatMap(({ publicKey, vote }) =>
      vote === null ? [] : [{ node: nodeIdOf(publicKey), ...vote }],
    )
    .slice(0, limits.committeeSeats);
  const draw = seededDraw(digestOf("meshwork/draw/1", fromHex(beacon), utf8("leaders")));
  return { epoch: 0, seats, leaders: shuffled(seats.length, draw) };
}

/** The seat that leads view v of height h is number (h + v) mod n of this list. */
export const leaderOrder = (state: State): readonly number[] => state.committee.leaders;

export const committeeHash = (committee: Committee): Digest =>
  digestOf("meshwork/state-value/1", definitions.committee.encode(committee));

/** Fisher and Yates. */
function shuffled(count: number, draw: SeededDraw): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let last = count - 1; last > 0; last--) {
    const other = draw(last + 1);
    const seat = order[last] as number;
    order[last] = order[other] as number;
    order[other] = seat;
  }
  return order;
}
