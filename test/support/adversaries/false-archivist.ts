import type { Digest } from "@meshwork/foundation";
import type { Certificate, Header } from "@meshwork/protocol";
import { type Archive, honestArchive } from "../simulator/archive.ts";
import { hashText } from "../simulator/hash-text.ts";
import { makeSeats, type Seats } from "../simulator/seats.ts";
import type { Snapshot } from "../simulator/snapshot.ts";
import type { Adversary } from "../simulator/tactics.ts";
import { hashHeader } from "../simulator/toy-ledger.ts";
import { rootOfState, type ToyState } from "../simulator/toy-state.ts";

/**
 * Tells newcomers and light clients what was never so: another state under a true header, a false
 * header under a true certificate, a history of its own after a hand-over that nobody announced; or
 * what was so long ago.
 */
export const falseArchivist: Adversary = {
  tactics(node) {
    const { random, signatures } = node.world;
    const archive = honestArchive(node.disk);
    const olds: Snapshot[] = [];

    /** Signed by everyone who sits in a committee that has one member. */
    const certify = (header: Header, { keys }: Seats): Certificate => {
      const { epoch, height, view } = header;
      const ballot = { kind: "F", epoch, height, view, blockHash: hashHeader(header) } as const;
      const votes = keys.map((key, seat) => signatures.sign(key, seat, ballot));
      return {
        ballot,
        seats: votes.map(({ seat }) => seat),
        signatures: votes.map(({ signature }) => signature),
      };
    };
    const usurp = (truth: Snapshot, state: ToyState): Snapshot => {
      const [key] = node.world.keys.of(node.name);
      const { committees } = state;
      const { members, order, epoch } = committees.at(-1) as Seats;
      const keys = members.map(() => key ?? "none");
      const next = makeSeats({
        epoch: epoch + 1,
        members: members.map(() => node.name),
        keys,
        order,
      });
      const height = truth.header.height + 1 + random.int(5);
      const header: Header = {
        ...truth.header,
        epoch: next.epoch,
        height,
        committeeHash: next.hash,
        stateRoot: rootOfState(state),
      };
      const handOver = { header: truth.header, certificate: truth.certificate, next };
      const handOvers = [...truth.handOvers, handOver];
      return { header, certificate: certify(header, next), handOvers, state };
    };
    const falsify = (truth: Snapshot): Snapshot => {
      const counters = new Map([...truth.state.counters, [node.name, random.int(1_000)] as const]);
      const state = { ...truth.state, counters };
      const stateRoot = rootOfState(state);
      switch (random.int(4)) {
        case 0:
          return { ...truth, state };
        case 1:
          return { ...truth, state, header: { ...truth.header, stateRoot } };
        case 2: {
          const header = { ...truth.header, stateRoot, lastCommitHash: hashText("") as Digest };
          const { ballot } = truth.certificate;
          const about = { ...ballot, blockHash: hashHeader(header) };
          return { ...truth, state, header, certificate: { ...truth.certificate, ballot: about } };
        }
        default:
          return usurp(truth, state);
      }
    };
    const lie = (): Snapshot | null => {
      const truth = archive.snapshot();
      if (truth === null) return null;
      if (olds.length < 3) olds.push(truth);
      return random.chance(0.4) ? random.pick(olds) : falsify(truth);
    };
    const lies: Archive = {
      snapshot: lie,
      newest: lie,
    };
    return { archive: () => (node.world.isLying ? lies : archive) };
  },
};
