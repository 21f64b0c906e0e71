import type { Certificate, Header } from "@meshwork/protocol";
import type { Disk } from "./disk.ts";
import type { HandOver } from "./hand-over.ts";
import type { Snapshot } from "./snapshot.ts";

/** What a light client is shown: a final header, and the hand-overs from the epoch that it knows. */
export interface HeaderProof {
  readonly header: Header;
  readonly certificate: Certificate;
  readonly handOvers: readonly HandOver[];
}

/** What a node tells those who were not there. None of it is believed for who says it. */
export interface Archive {
  snapshot(): Snapshot | null;
  newest(sinceEpoch: number): HeaderProof | null;
}

export const honestArchive = (disk: Disk): Archive => ({
  snapshot: () => disk.snapshot,
  newest(sinceEpoch) {
    const at = disk.blockAt(disk.height ?? 0);
    if (at === undefined) return null;
    const { header } = at.block;
    const isBetween = (epoch: number) => epoch > sinceEpoch && epoch <= header.epoch;
    const handOvers = disk.handOvers.filter(({ next }) => isBetween(next.epoch));
    return { header, certificate: at.certificate, handOvers };
  },
});
