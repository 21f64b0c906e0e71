import { z } from "zod";

/**
 * What the ledger must know of the work, since it decides what its result may be called. The contract
 * itself it never sees.
 */
export const workNature = z.enum([
  /** The runtime makes it so; verifiers execute it again. The only work that can end `verified`. */
  "deterministic",
  /** The worker keeps what the world answered; verifiers execute it again on that: `recorded`. */
  "record-replay",
  /** Several workers, each for himself; their outputs are held against each other: `similar`. */
  "quorum-similarity",
  /** Verifiers judge the output by the contract's rubric: `judged`. */
  "judged",
  /** A worker's word, and nobody else's: `attested`. */
  "attested",
]);
export type WorkNature = z.infer<typeof workNature>;

/** What a program may ask of the world, and a worker may offer. */
export const service = z.enum(["fetch", "model"]);
export type Service = z.infer<typeof service>;

export const work = z.strictObject({
  nature: workNature,
  /** Whether outputs must be the same to the last byte; else the contract's comparator says what is alike. */
  comparison: z.enum(["exact", "tolerant"]),
  /** Only nodes that offer all of these are drawn. */
  needs: z.array(service).max(service.options.length),
});
export type Work = z.infer<typeof work>;

/** What work is unless its order says otherwise. */
export const plainWork: Work = { nature: "deterministic", comparison: "exact", needs: [] };

/** Every replica must be the same to the last bit, trace and fuel too. */
export const isPlain = ({ nature, comparison }: Work): boolean =>
  nature === "deterministic" && comparison === "exact";
