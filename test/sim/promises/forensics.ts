import { evidenceBetween } from "@meshwork/consensus";
import type { NodeId } from "@meshwork/foundation";
import type { Certificate } from "@meshwork/protocol";
import { PromiseBroken, type Watcher } from "../../support/simulator/watcher.ts";
import type { World } from "../../support/simulator/world.ts";

/** Thrown to end a run in which liars were too many, and succeeded. */
export class Forked extends Error {
  override readonly name = "Forked";
}

/**
 * When too many lie and the chain forks, the certificates in the logs of the honest convict a third
 * of the seats at least, and no honest one.
 */
export function forensics(world: World): Watcher {
  const archive = new Map<string, Map<string, Certificate>>();
  const file = (certificate: Certificate) => {
    const { kind, height, view, blockHash } = certificate.ballot;
    const place = `${height}/${view}`;
    const here = archive.get(place) ?? new Map<string, Certificate>();
    archive.set(place, here.set(`${kind}${blockHash}`, certificate));
  };
  const decided = new Map<number, string | null>();
  const investigate = (height: number, members: readonly NodeId[]) => {
    const guilty = new Set<NodeId>();
    for (const here of archive.values()) {
      const certificates = [...here.values()];
      for (const a of certificates)
        for (const b of certificates)
          if (a.ballot.height === height)
            for (const { seat } of evidenceBetween(a, b)) guilty.add(members[seat] as NodeId);
    }
    const isSound = !world.honest.some(({ name }) => guilty.has(name));
    if (!isSound || 3 * guilty.size < members.length)
      throw new PromiseBroken(
        "forensics",
        `a fork at height ${height} convicts ${[...guilty].join(", ") || "nobody"} of ${members.length} seats`,
      );
    throw new Forked(`at height ${height}: ${[...guilty].join(", ")} are convicted`);
  };
  return {
    learned: (_, certificate) => file(certificate),
    committed({ ledger }, { header }, certificate) {
      file(certificate);
      const before = decided.get(header.height);
      decided.set(header.height, before ?? certificate.ballot.blockHash);
      if (before !== undefined && before !== certificate.ballot.blockHash)
        investigate(header.height, ledger.state.committees[header.epoch]?.members ?? []);
    },
  };
}
