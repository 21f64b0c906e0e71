import { type NodeId, unreachable } from "@meshwork/foundation";
import type { ConsensusMessage } from "@meshwork/protocol";
import type { Application } from "./application.ts";
import type { Effect } from "./effect.ts";
import type { Event, Start, Timer } from "./event.ts";
import { Instance } from "./instance.ts";
import { certificatesAbove, certifiedUpTo } from "./justification.ts";
import { Peers } from "./peers.ts";
import { ProposalPace } from "./proposal-pace.ts";
import { type Rules, simplexRules } from "./rules.ts";
import { defaultSettings, type Settings } from "./settings.ts";
import { Turn } from "./turn.ts";

export interface ReplicaParts {
  readonly application: Application;
  /** @default simplexRules; the simulator breaks them to see that it notices. */
  readonly rules?: Rules;
  /** @default defaultSettings */
  readonly settings?: Settings;
}

type MessageOf<K extends ConsensusMessage["kind"]> = Extract<ConsensusMessage, { kind: K }>;

/**
 * Sequential Simplex: one `Instance` a height, one height after the other, and around them what
 * keeps nodes together when messages are lost (rule 10). No clock, no chance, no I/O inside.
 */
export class Replica {
  readonly #parts: Required<ReplicaParts>;
  readonly #turn = new Turn();
  readonly #peers = new Peers();
  readonly #pace = new ProposalPace();
  /** The height under way; null before the first `start`. */
  #instance: Instance | null = null;
  #applicationHasDemand = false;
  #ticks = 0;
  #statusAtTick = 0;
  #atLastTick = { height: -1, view: -1 };

  constructor({ application, rules = simplexRules, settings = defaultSettings }: ReplicaParts) {
    this.#parts = { application, rules, settings };
  }

  /** Takes in one event; the driver carries out what it brings about, in this order. */
  step(event: Event): readonly Effect[] {
    this.#turn.begin(event.now);
    if (event.kind === "start") this.#onStart(event);
    else if (this.#instance !== null) this.#onEvent(event, this.#instance);
    return this.#turn.effects;
  }

  /** For logs and metrics; null before the first `start`. */
  get position(): { height: number; view: number } | null {
    const instance = this.#instance;
    return instance && { height: instance.height.number, view: instance.view };
  }

  #onEvent(event: Exclude<Event, Start>, instance: Instance): void {
    switch (event.kind) {
      case "message":
        this.#onMessage(event.from, event.message, instance);
        break;
      case "timer":
        this.#onTimer(event.timer, instance);
        break;
      case "demand":
        this.#askForDemand();
        instance.wake();
        break;
      case "signed":
        instance.onSigned(event.vote);
        break;
      default:
        unreachable(event);
    }
  }

  #onStart(start: Start): void {
    const isFirst = this.#instance === null;
    const { application, rules, settings } = this.#parts;
    const instance = new Instance(start, {
      application,
      rules,
      settings,
      turn: this.#turn,
      outsideDemand: () => this.#applicationHasDemand || this.#peers.isDecided(start.height),
    });
    this.#instance = instance;
    this.#peers.begin(start.committee);
    this.#askForDemand();
    if (isFirst) this.#setTick();
    instance.wake();
    for (const { from, message } of this.#peers.takeEarly())
      this.#onMessage(from, message, instance);
    // Catching up: the next height is asked for at once.
    this.#askOneAhead(instance);
  }

  /** Rule 2. */
  #askForDemand(): void {
    this.#applicationHasDemand = this.#parts.application.demand(this.#turn.now);
  }

  #onMessage(from: NodeId, message: ConsensusMessage, instance: Instance): void {
    const height = heightOf(message);
    if (height === null) return;
    // Whoever has a decision is past that height.
    const isNews = this.#peers.saw(from, message.kind === "finalized" ? height + 1 : height);
    const mine = instance.height.number;
    if (height < mine) this.#onEarlierHeight(from, message, instance);
    else if (height === mine) this.#onThisHeight(from, message, instance);
    else this.#onLaterHeight(from, message, { instance, isNews });
  }

  #onThisHeight(from: NodeId, message: ConsensusMessage, instance: Instance): void {
    switch (message.kind) {
      case "proposal":
        instance.onProposal(message);
        break;
      case "vote":
        instance.onVote(message.vote);
        break;
      case "certificate":
        instance.onCertificate(message.certificate);
        break;
      case "finalized":
        instance.onFinalized(message.block, message.certificate);
        break;
      case "block":
        instance.onBlock(message.block);
        break;
      case "block-request":
        this.#onBlockRequest(from, message, instance);
        break;
      case "status":
        this.#onStatus(from, message, instance);
        break;
      case "transactions": // They have no height: the driver's pool takes them.
        break;
      default:
        unreachable(message);
    }
  }

  /**
   * Rule 10: who is behind is told the decision. What tells that he is stuck is a Status or a request:
   * a late vote comes from whoever is about to decide by himself.
   */
  #onEarlierHeight(from: NodeId, message: ConsensusMessage, instance: Instance): void {
    if (message.kind !== "status" && message.kind !== "block-request") return;
    if (!this.#peers.mayAnswer(from)) return;
    this.#turn.emit({ kind: "sendFinalized", to: from, height: message.height });
    // So that he knows whom to ask for the heights after it.
    this.#turn.emit({ kind: "send", to: from, message: statusOf(instance) });
  }

  #onLaterHeight(
    from: NodeId,
    message: ConsensusMessage,
    { instance, isNews }: { instance: Instance; isNews: boolean },
  ): void {
    const decided = decidedBy(message);
    if (decided !== null) this.#peers.sawDecided(decided);
    if (isBallotMessage(message) && heightOf(message) === instance.height.number + 1)
      this.#peers.keepEarly(from, message);
    if (instance.isDecided) return;
    if (decided !== null) instance.wake();
    if (isNews && message.kind === "status" && this.#peers.mayAnswer(from))
      this.#turn.emit({ kind: "send", to: from, message: statusOf(instance) });
  }

  /** Rule 10: those certificates on the way down from my view that the peer lacks. */
  #onStatus(from: NodeId, status: MessageOf<"status">, instance: Instance): void {
    const { height, view } = instance;
    const lacked = certificatesAbove(status.certified, view, height);
    if (lacked.length === 0 || !this.#peers.mayAnswer(from)) return;
    for (const certificate of lacked)
      this.#turn.emit({ kind: "send", to: from, message: { kind: "certificate", certificate } });
  }

  #onBlockRequest(from: NodeId, request: MessageOf<"block-request">, { height }: Instance): void {
    const block = height.blocks.get(request.blockHash);
    if (block !== undefined && this.#peers.mayAnswer(from))
      this.#turn.emit({ kind: "send", to: from, message: { kind: "block", block } });
  }

  #onTimer(timer: Timer, instance: Instance): void {
    if (timer.kind === "tick") this.#onTick(instance);
    else if (timer.height !== instance.height.number) return;
    else if (timer.kind === "timeout") instance.onTimeout(timer.view);
    else instance.onGraceOver(timer.view);
  }

  #onTick(instance: Instance): void {
    this.#setTick();
    this.#ticks++;
    this.#peers.renewAllowances();
    this.#askForDemand();
    if (instance.isDecided) return;
    instance.wake();
    const { number, committee } = instance.height;
    const isWhereItWas = this.#isWhereItWas(instance);
    // What is decided is not worth repairing: one peer is asked for it, another at each tick.
    if (this.#peers.isBehind(number, committee) && this.#askOneAhead(instance, isWhereItWas))
      return;
    const { idleStatusMs, tickMs } = this.#parts.settings;
    const isStatusDue = (this.#ticks - this.#statusAtTick) * tickMs >= idleStatusMs;
    const isPressed = instance.hasCertainDemand;
    if ((isWhereItWas && isPressed) || isStatusDue) this.#repair(instance);
    if (isPressed) this.#turn.emit({ kind: "shareTransactions" });
  }

  /** Whether height and view are those of the last tick: what is on its way needs no repair yet. */
  #isWhereItWas({ height, view }: Instance): boolean {
    const { height: lastHeight, view: lastView } = this.#atLastTick;
    this.#atLastTick = { height: height.number, view };
    return height.number === lastHeight && view === lastView;
  }

  /** Rule 10. An idle node has nothing to send again, so this is its slow Status too. */
  #repair(instance: Instance): void {
    this.#statusAtTick = this.#ticks;
    const resends = instance.hasDemand ? instance.height.resends(instance.view) : [];
    for (const message of [statusOf(instance), ...resends])
      if (message.kind !== "proposal" || this.#pace.isDue(message))
        this.#turn.emit({ kind: "broadcast", message });
    instance.fetch();
  }

  /**
   * Asks one of those who claim to be ahead; false when there is none. Whoever is not helped by that asks
   * all members in turn: a claimant may have begun at a snapshot, and others are ahead without a word to
   * who has no seat.
   */
  #askOneAhead(instance: Instance, isStuck = false): boolean {
    const { number, committee } = instance.height;
    const claimants = this.#peers.claimants(number);
    if (claimants.length === 0) return false;
    const others = committee.members.filter((_, seat) => seat !== committee.seat);
    const peers = isStuck ? others : claimants;
    const to = peers[(this.#ticks + number) % Math.max(1, peers.length)];
    if (to === undefined || instance.isDecided) return false;
    this.#turn.emit({ kind: "send", to, message: statusOf(instance) });
    return true;
  }

  #setTick(): void {
    const delayMs = this.#parts.settings.tickMs;
    this.#turn.emit({ kind: "setTimer", timer: { kind: "tick" }, delayMs });
  }
}

function statusOf({ height, view }: Instance): MessageOf<"status"> {
  return {
    kind: "status",
    height: height.number,
    view,
    certified: certifiedUpTo(view, height),
  };
}

function heightOf(message: ConsensusMessage): number | null {
  switch (message.kind) {
    case "proposal":
    case "vote":
      return message.vote.ballot.height;
    case "certificate":
    case "finalized":
      return message.certificate.ballot.height;
    case "status":
    case "block-request":
      return message.height;
    case "block":
      return message.block.header.height;
    case "transactions":
      return null;
    default:
      return unreachable(message);
  }
}

/** The height that an F-certificate in the message decides. */
function decidedBy(message: ConsensusMessage): number | null {
  if (message.kind !== "certificate" && message.kind !== "finalized") return null;
  const { kind, height } = message.certificate.ballot;
  return kind === "F" ? height : null;
}

const isBallotMessage = ({ kind }: ConsensusMessage): boolean =>
  kind === "proposal" || kind === "vote" || kind === "certificate";
