import { limits } from "@meshwork/foundation";
import { z } from "zod";
import { headerSchema } from "./block.ts";
import { wire } from "./canonical.ts";
import { certificateSchema } from "./certificate.ts";
import { committeeSchema } from "./committee.ts";

/**
 * One epoch gives way to the next: the epoch's last header, which names the hash of the committee to
 * come, the certificate of the sitting committee, and the committee itself. Who knows the committee of
 * epoch e believes one of these, and then knows that of e + 1.
 */
export const handOverSchema = z.strictObject({
  header: headerSchema,
  certificate: certificateSchema,
  /** Of epoch `header.epoch + 1`. */
  committee: committeeSchema,
});
export type HandOver = z.infer<typeof handOverSchema>;
export const handOver = wire(handOverSchema, {
  name: "hand-over",
  maxBytes: limits.handOverBytes,
});

/** One a epoch without a gap, oldest first. */
export const handOverChain = wire(
  z.strictObject({ handOvers: z.array(handOverSchema).max(limits.handOvers) }),
  { name: "hand-over chain", maxBytes: limits.handOverChainBytes },
);
