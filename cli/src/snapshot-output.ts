import type { FoundSnapshot, ReadProgress } from "@meshwork/edge-node/snapshot";
import { headerHash } from "@meshwork/protocol";
import type { Output } from "./output.ts";

export const readText = ({ sizeBytes, of }: ReadProgress): string =>
  `${sizeText(sizeBytes)} of ${sizeText(of.sizeBytes)} read and checked`;

export function factsOf({ id, manifest }: Pick<FoundSnapshot, "id" | "manifest">) {
  const { header, chunks, totals } = manifest;
  return {
    ...{ id, chainId: manifest.chainId, height: manifest.height, hash: headerHash(header) },
    ...{ stateRoot: header.stateRoot, time: header.time, chunks: chunks.length, ...totals },
  };
}

export function lineOf({ manifest }: Pick<FoundSnapshot, "manifest">): string {
  const { header, totals } = manifest;
  const when = new Date(header.time).toISOString();
  const hash = headerHash(header).slice(0, 16);
  return `height ${manifest.height}  ${when}  block ${hash}…  ${totals.leaves} records, ${sizeText(totals.sizeBytes)}`;
}

export const sizeText = (sizeBytes: number): string =>
  sizeBytes < 2 ** 20
    ? `${(sizeBytes / 2 ** 10).toFixed(1)} KiB`
    : `${(sizeBytes / 2 ** 20).toFixed(1)} MiB`;

const NOTE_EVERY_BYTES = 64 << 20;

/** A line of progress now and then, not one a chunk. */
export function noteProgress<P extends { sizeBytes: number }>(
  output: Output,
  textOf: (progress: P) => string,
): (progress: P) => void {
  let noted = 0;
  return (progress) => {
    if (progress.sizeBytes - noted < NOTE_EVERY_BYTES) return;
    noted = progress.sizeBytes;
    output.note(textOf(progress));
  };
}
