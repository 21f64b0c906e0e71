import type { NodeId, OrderId } from "@meshwork/foundation";
import {
  type Attestation,
  closedSet,
  commitmentOf,
  judgesOf,
  seedCommitmentOf,
  sittingPanel,
  type TaskPlace,
  type TaskRecord,
  type Verdict,
  verdictHash,
} from "@meshwork/protocol";
import {
  attestationOf,
  auditModeOf,
  recheckOf,
  saltOf,
  seedOf,
  truthOf,
  verdictOf,
} from "./committee.ts";
import { type Run, revealOf, STEPS } from "./program.ts";
import { promisedOdds, riskOf, worthOf } from "./risk.ts";
import type { Strategy } from "./strategy.ts";
import type { Tally } from "./tally.ts";
import type { TrustLedger } from "./trust-ledger.ts";

interface Parts {
  ledger: TrustLedger;
  tally: Tally;
  strategyOf(id: NodeId): Strategy;
}

interface Word {
  seat: TaskPlace;
  verdict: Verdict;
  attestation: Attestation;
}

type Role = "worker" | "verifier" | "panel";

const seatKey = (node: NodeId, { orderId, attempt }: Pick<TaskRecord, "orderId" | "attempt">) =>
  `${orderId}/${attempt}/${node}`;

/** Plays every place of every task by its holder's strategy, through transactions alone. */
export class Play {
  readonly #parts: Parts;
  /** What each worker has made of each task, and which verdicts were spoken. */
  readonly #runs = new Map<string, Run | null>();
  readonly #answered = new Set<string>();
  readonly #judged = new Set<string>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Everybody does what is next for him. */
  act(task: TaskRecord): void {
    if (task.phase === "running") {
      for (const place of task.workers) this.#work(task, place);
      for (const place of task.verifiers) this.#answer(task, place, "verifier");
    }
    const panel = sittingPanel(task);
    for (const place of panel?.seats ?? []) this.#answer(task, place, "panel");
    const isDue = task.phase === "audit" || (panel !== null && panel.verdictDeadline !== null);
    const about = `${task.orderId}/${task.attempt}/${task.phase}`;
    if (!isDue || this.#judged.has(about)) return;
    this.#judged.add(about);
    this.#judge(task);
  }

  forget(orderId: OrderId): void {
    for (const memory of [this.#runs, this.#answered, this.#judged])
      for (const key of memory.keys()) if (key.startsWith(orderId)) memory.delete(key);
  }

  #work(task: TaskRecord, place: TaskPlace): void {
    const { ledger, tally, strategyOf } = this.#parts;
    const { node } = place;
    if (place.state === "called") this.#answer(task, place, "worker");
    const key = seatKey(node, task);
    if (place.state !== "accepted" || this.#runs.has(key)) return;
    const run = strategyOf(node).works({ me: node, task });
    this.#runs.set(key, run);
    if (run === null) return;
    tally.worked(node, run === "honest" ? 1 : 1 - run.forged.length / STEPS);
    if (run !== "honest") tally.lied(node);
    const { orderId, attempt } = task;
    const reveal = revealOf(node, run, saltOf(node, task));
    const commitment = commitmentOf(ledger.chainId, orderId, attempt, reveal);
    ledger.send({ nodeId: node }, { kind: "commit", orderId, attempt, commitment });
  }

  #answer(task: TaskRecord, { node, state }: TaskPlace, role: Role): void {
    const { ledger, strategyOf } = this.#parts;
    const key = seatKey(node, task);
    if (state !== "called" || this.#answered.has(key)) return;
    this.#answered.add(key);
    const answer = strategyOf(node).answers(
      { me: node, task },
      role === "worker" ? "worker" : "verifier",
    );
    const { orderId, attempt } = task;
    if (answer === "ignore") return;
    if (answer === "decline") {
      ledger.send({ nodeId: node }, { kind: "decline", orderId, attempt });
      return;
    }
    const seed = { chainId: ledger.chainId, orderId, attempt, verifier: node };
    const seedCommitment = role === "worker" ? null : seedCommitmentOf(seed, seedOf(node, task));
    ledger.send({ nodeId: node }, { kind: "accept", orderId, attempt, role, seedCommitment });
  }

  /** Who shows, what the verifiers find and sign; a quorum proves, else each speaks up for himself. */
  #judge(task: TaskRecord): void {
    const { ledger, tally, strategyOf } = this.#parts;
    const runs = new Map(
      closedSet(task).map(({ node }) => [node, this.#runs.get(seatKey(node, task)) ?? "honest"]),
    );
    const known = { state: ledger.state, task, runs, strategyOf };
    const { quorum, seats, isPanel } = judgesOf(task);
    if (!isPanel) tally.risk(riskOf(known, promisedOdds(known)), worthOf(known));
    const shown = this.#shown(task, runs);
    const auditors = seats.map(({ node }) => node).filter((id) => strategyOf(id).samples === "run");
    const truth = truthOf(task, shown, auditors);
    for (const id of auditors) tally.worked(id, this.#share(task));
    const words = seats.flatMap((seat) => {
      const { judges, samples } = strategyOf(seat.node);
      const found = judges({ me: seat.node, task }, truth);
      if (found === null) return [];
      const verdict = verdictOf(task, ledger.chainId, found);
      return [{ seat, verdict, attestation: attestationOf(task, verdict, { seat, samples }) }];
    });
    if (!isPanel) this.#lookAt(words, auditors);
    for (const { verdict } of words) {
      const hash = verdictHash(verdict);
      const alike = words.filter((word) => verdictHash(word.verdict) === hash);
      if (alike.length < quorum) continue;
      const attestations = alike.map(({ attestation }) => attestation);
      ledger.send(
        { nodeId: alike[0]?.seat.node ?? task.requester },
        {
          kind: "prove",
          proof: { verdict, attestations },
        },
      );
      return;
    }
    this.#speakUp(task, shown, words);
  }

  /** Verifiers who ran their own samples hold the others' against the trace. */
  #lookAt(words: readonly Word[], auditors: readonly NodeId[]): void {
    for (const word of words) {
      const finder = auditors.find((id) => id !== word.seat.node);
      const body = recheckOf(word.verdict, word);
      if (finder !== undefined && body !== null) this.#parts.ledger.send({ nodeId: finder }, body);
    }
  }

  #shown(task: TaskRecord, runs: ReadonlyMap<NodeId, Run>): Map<NodeId, Run | null> {
    const { strategyOf } = this.#parts;
    const mode = auditModeOf(task);
    return new Map(
      [...runs].map(([me, run]) => [me, strategyOf(me).shows({ me, task }, mode) ? run : null]),
    );
  }

  /** What an audit has each verifier run again. */
  #share(task: TaskRecord): number {
    const mode = auditModeOf(task);
    if (mode === "full") return 1;
    return mode === "segments" ? task.order.policy.segmentsPerVerifier / STEPS : 0;
  }

  #speakUp(task: TaskRecord, shown: ReadonlyMap<NodeId, Run | null>, words: readonly Word[]): void {
    const { ledger } = this.#parts;
    const { orderId, attempt } = task;
    for (const [nodeId, run] of shown) {
      const known = closedSet(task).find(({ node }) => node === nodeId);
      if (run === null || known?.shown != null) continue;
      const reveal = revealOf(nodeId, run, saltOf(nodeId, task));
      ledger.send({ nodeId }, { kind: "show", orderId, attempt, reveal });
    }
    for (const { seat, verdict, attestation } of words) {
      ledger.send({ nodeId: seat.node }, { kind: "attest", verdict, attestation });
    }
  }
}
