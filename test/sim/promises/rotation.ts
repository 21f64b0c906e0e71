import type { Header } from "@meshwork/protocol";
import { mostChanges, type Seats } from "../../support/simulator/seats.ts";
import { PromiseBroken, type Watcher } from "../../support/simulator/watcher.ts";
import type { World } from "../../support/simulator/world.ts";

/**
 * A committee sits for its whole epoch. The next one is announced early enough to catch up, in every
 * header from its election on, and shares two thirds of the seats with it.
 */
export function rotation({ scenario, genesis }: World): Watcher {
  const { windowBlocks, paceMs } = scenario;
  const headers = new Map<number, Header>();
  const broken = (text: string) => new PromiseBroken("rotation", text);
  const checkHandOver = (first: Header, [before, after]: readonly [Seats, Seats]) => {
    const window = Array.from({ length: windowBlocks + 1 }, (_, i) =>
      headers.get(first.height - 1 - i),
    );
    if (window.some((header) => header?.nextCommitteeHash !== first.committeeHash))
      throw broken(
        `the committee of epoch ${first.epoch} was not announced ${windowBlocks} heights before it`,
      );
    const [last, election] = [window[0], window.at(-1)];
    if ((last?.time ?? 0) - (election?.time ?? 0) < windowBlocks * paceMs)
      throw broken(
        `epoch ${first.epoch} came less than ${windowBlocks} × ${paceMs} ms after its election`,
      );
    const changes = after.members.filter((name, seat) => name !== before.members[seat]).length;
    if (changes > mostChanges(after.members.length))
      throw broken(`${changes} of ${after.members.length} seats change with epoch ${first.epoch}`);
  };
  return {
    committed({ ledger }, { header }) {
      if (headers.has(header.height)) return;
      headers.set(header.height, header);
      const { epoch, committeeHash } = headers.get(header.height - 1) ?? {
        epoch: 0,
        committeeHash: genesis.committees[0]?.hash,
      };
      if (header.epoch === epoch && header.committeeHash === committeeHash) return;
      const [before, after] = [epoch, epoch + 1].map((each) => ledger.state.committees[each]);
      if (header.epoch !== epoch + 1 || before === undefined || after === undefined)
        throw broken(`height ${header.height} is of another committee, inside epoch ${epoch}`);
      checkHandOver(header, [before, after]);
    },
  };
}
