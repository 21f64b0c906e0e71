import { digestOf } from "@meshwork/crypto";
import {
  type Digest,
  key25519,
  limits,
  nodeId,
  type PublicKey,
  publicKey,
} from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";
import { onceAValue } from "./once-a-value.ts";

const seatNumber = z
  .int()
  .min(0)
  .max(limits.committeeSeats - 1);

/** One seat, one vote, for one epoch: the keys do not change while it lasts. */
export const seatSchema = z.strictObject({ node: nodeId, voteKey: publicKey, vrfKey: key25519 });
export type Seat = z.infer<typeof seatSchema>;

/** Who votes in an epoch. Headers name it by `committeeHash`, so a light client can be shown it. */
export const committeeSchema = z.strictObject({
  epoch: z
    .int()
    .min(0)
    .max(2 ** 31),
  seats: z.array(seatSchema).min(limits.committeeSeatsMin).max(limits.committeeSeats),
  /** Seats in the order in which they lead. */
  leaders: z.array(seatNumber).max(limits.committeeSeats),
});
export const committee = wire(committeeSchema, { name: "committee", maxBytes: 65_536 });
export type Committee = z.infer<typeof committeeSchema>;

/** The hash of its record in the state, too. */
export const committeeHash = onceAValue(
  (value: Committee): Digest => digestOf("meshwork/state-value/1", committee.encode(value)),
);

/** By seat: what a certificate of its epoch is checked with. */
export const voteKeysOf = ({ seats }: Pick<Committee, "seats">): PublicKey[] =>
  seats.map(({ voteKey }) => voteKey);
