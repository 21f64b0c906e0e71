import type { BlockHash, ChainId, Digest, NodeId, Signature } from "@meshwork/foundation";
import type {
  Ballot,
  Block,
  Certificate,
  ConsensusMessage,
  Justification,
  Proposal,
  Vote,
  VoteKind,
} from "@meshwork/protocol";
import type { Application } from "./application.ts";
import type { Effect } from "./effect.ts";
import type { Event, LogRecord, Timer } from "./event.ts";
import { leaderOf } from "./leader.ts";
import { Replica } from "./replica.ts";
import { defaultSettings, type Settings } from "./settings.ts";

/** For the tests of this room: a committee of four that decides height 7, seen from one of them. */
export const HEIGHT = 7;
export const NOW = 1_000_000;
export const MEMBERS = ["ann", "bob", "cid", "dan"] as string[] as NodeId[];
export const ORDER = [0, 1, 2, 3];
export const PARENT = { hash: "parent" as string as BlockHash, time: NOW - 1_000 };

/** Who leads: with this height and order, dan view 0, ann view 1, bob view 2, cid view 3. */
export const leaderAt = (view: number): number =>
  leaderOf({ order: ORDER }, { height: HEIGHT, view });

export function ballot(kind: VoteKind, view: number, blockHash: BlockHash | null = null): Ballot {
  return { kind, epoch: 0, height: HEIGHT, view, blockHash };
}

export function vote(seat: number, about: Ballot): Vote {
  const signature = `${seat} signs ${JSON.stringify(about)}` as Signature;
  return { seat, ballot: about, signature };
}

export function certificate(about: Ballot, seats: readonly number[] = [0, 1, 2]): Certificate {
  const signatures = seats.map((seat) => vote(seat, about).signature);
  return { ballot: about, seats: [...seats], signatures };
}

/** A block by the leader of its view, told from others by its time. */
export function blockAt(view: number, time = NOW): Block {
  const none = "none" as string as Digest;
  return {
    header: {
      version: 1,
      chainId: "chain" as ChainId,
      epoch: 0,
      height: HEIGHT,
      view,
      parent: PARENT.hash,
      time,
      activeTime: 0,
      proposer: MEMBERS[leaderAt(view)] as NodeId,
      beaconProof: null,
      transactionRoot: none,
      stateRoot: none,
      committeeHash: none,
      nextCommitteeHash: null,
      lastCommitHash: none,
    },
    transactions: [],
    lastCommit: null,
  };
}

export const hashOf = ({ header }: Block): BlockHash =>
  `${header.proposer}'s of ${header.view} at ${header.time} on ${header.parent}` as BlockHash;

export const NEW_BLOCK: Justification = { notarized: null, nullified: [] };

/** By the leader of the view. */
export function proposal(
  block: Block,
  view = block.header.view,
  justification = NEW_BLOCK,
): Proposal {
  const about = ballot("N", view, hashOf(block));
  return { kind: "proposal", block, justification, vote: vote(leaderAt(view), about) };
}

/** A replica with a driver that does at once all that it is asked to. */
export class Bench {
  now = NOW;
  hasDemand = true;
  isValid: (block: Block) => boolean = () => true;
  /** What `buildBlock` answers. */
  next: Block | null = null;
  /** Blocks hashed so far. */
  hashes = 0;
  readonly log: LogRecord[] = [];
  readonly replica: Replica;
  readonly seat: number | null;

  constructor(seat: number | null, settings: Partial<Settings> = {}) {
    this.seat = seat;
    const application: Application = {
      hashOf: (block) => {
        this.hashes++;
        return hashOf(block);
      },
      buildBlock: () => this.next,
      checkBlock: (block) => this.isValid(block),
      demand: () => this.hasDemand,
    };
    this.replica = new Replica({ application, settings: { ...defaultSettings, ...settings } });
  }

  start(records: readonly LogRecord[] = [], height = HEIGHT): Effect[] {
    const committee = { epoch: 0, members: MEMBERS, order: ORDER, seat: this.seat };
    return this.feed({ kind: "start", now: this.now, height, parent: PARENT, committee, records });
  }

  receive(message: ConsensusMessage, from = 1): Effect[] {
    return this.feed({ kind: "message", now: this.now, from: MEMBERS[from] as NodeId, message });
  }

  fire(timer: Timer): Effect[] {
    return this.feed({ kind: "timer", now: this.now, timer });
  }

  tick(): Effect[] {
    return this.fire({ kind: "tick" });
  }

  /** The second of two ticks: the first one at a new view repairs nothing yet. */
  secondTick(): Effect[] {
    this.tick();
    return this.tick();
  }

  timeout(view: number): Effect[] {
    return this.fire({ kind: "timeout", height: HEIGHT, view });
  }

  /** The effects of the event and of the signatures that it asks for. */
  feed(event: Event): Effect[] {
    const effects = [...this.replica.step(event)];
    for (let i = 0; i < effects.length; i++) {
      const effect = effects[i];
      if (effect?.kind === "persist")
        this.log.push({ kind: "certificate", certificate: effect.certificate });
      if (effect?.kind !== "cast" || this.seat === null) continue;
      const { block, justification } = effect;
      const signed = vote(this.seat, effect.ballot);
      this.log.push({ kind: "vote", vote: signed, block, justification });
      effects.push(...this.replica.step({ kind: "signed", now: this.now, vote: signed }));
    }
    return effects;
  }
}

/** The ballots that a turn asks to be signed, as text: "N(0)", "X(2)". */
export const casts = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) =>
    effect.kind === "cast" ? [`${effect.ballot.kind}(${effect.ballot.view})`] : [],
  );

export const sent = (effects: readonly Effect[]): ConsensusMessage[] =>
  effects.flatMap((effect) =>
    effect.kind === "send" || effect.kind === "broadcast" ? [effect.message] : [],
  );

export const sentKinds = (effects: readonly Effect[]): string[] =>
  sent(effects).map(({ kind }) => kind);

export const only = <K extends Effect["kind"]>(effects: readonly Effect[], kind: K) =>
  effects.filter((effect): effect is Extract<Effect, { kind: K }> => effect.kind === kind);

/** What most tests of this height are about: the block of view 0, and the certificates of that view. */
export const BLOCK = blockAt(0);
export const HASH = hashOf(BLOCK);
export const N0 = certificate(ballot("N", 0, HASH));
export const F0 = certificate(ballot("F", 0, HASH));
export const X0 = certificate(ballot("X", 0));
export const withCertificate = (value: Certificate): ConsensusMessage => ({
  kind: "certificate",
  certificate: value,
});
export const withVote = (seat: number, about: Ballot): ConsensusMessage => ({
  kind: "vote",
  vote: vote(seat, about),
});

/** A voter that leads none of the first views: cid leads view 3. */
export function voter(): Bench {
  const bench = new Bench(2);
  bench.start();
  return bench;
}
