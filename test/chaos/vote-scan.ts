import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { contradict, type Evidence, votesOf } from "@meshwork/consensus";
import {
  blockSchema,
  certificateSchema,
  justification,
  type Vote,
  voteSchema,
  wire,
} from "@meshwork/protocol";
import { z } from "zod";
import { readFrames } from "../../edge-node/src/chain/voting/record-frames.ts";

const record = wire(
  z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("vote"),
      vote: voteSchema,
      block: blockSchema.nullable(),
      justification: justification.nullable(),
    }),
    z.strictObject({ kind: z.literal("certificate"), certificate: certificateSchema }),
  ]),
  { name: "log record", maxBytes: 8 << 20 },
);

const MAGIC_BYTES = 8;

/** All votes that were ever found in a log of votes, and whether some seat contradicts itself. */
export class VoteScan {
  votes = 0;
  readonly contradictions: Evidence[] = [];
  readonly #seen = new Map<string, Vote[]>();

  /** Reads the log of a validator that does not run: what it signed, and what others' certificates say. */
  async read(folder: string): Promise<void> {
    const path = join(folder, "vote", "votes.log");
    const bytes = await readFile(path);
    for (const each of readFrames(bytes.subarray(MAGIC_BYTES), path).records) {
      const found = record.decode(each);
      for (const vote of found.kind === "vote" ? [found.vote] : votesOf(found.certificate))
        this.#add(vote);
    }
  }

  #add(vote: Vote): void {
    const { epoch, height, view, kind, blockHash } = vote.ballot;
    const place = `${epoch}/${height}/${view}/${vote.seat}`;
    const here = this.#seen.get(place) ?? [];
    const isKnown = here.some(
      ({ ballot }) => ballot.kind === kind && ballot.blockHash === blockHash,
    );
    if (isKnown) return;
    this.votes++;
    const other = here.find((each) => contradict(each, vote));
    if (other !== undefined)
      this.contradictions.push({ seat: vote.seat, first: other, second: vote });
    this.#seen.set(place, [...here, vote]);
  }
}
