import type { Fuel, NodeId, Points } from "@meshwork/foundation";
import { type SeededDraw, seededDraw, type TaskRecord, type Transaction } from "@meshwork/protocol";
import { nextOwedTime } from "../demand.ts";
import { panelSize, priceOfRun } from "../escrow.ts";
import { ONE } from "../reputation.ts";
import { Actors, type Conduct } from "./actors.ts";
import { candidacy, equivocation } from "./epochs.ts";
import { registration, renewal, revocation, rotation, voucherOf } from "./identities.ts";
import { seededDigest, type TestMember, testMember } from "./members.ts";
import { TestNetwork } from "./network.ts";
import { mandateOf, partOf } from "./parts.ts";

/**
 * A history that chance writes: tasks that overlap and are revoked, nodes that decline, fall silent,
 * vanish, lie and hide, judges who do, and appeals against them, identities that come, go, change their keys and end, seats that are sought, lent,
 * lost by equivocation and used to govern, time that runs and jumps, views that fail. The same seed writes the same history.
 */
export class History {
  readonly network: TestNetwork;
  readonly actors: Actors;
  readonly #draw: SeededDraw;

  constructor(seed: string) {
    const draw = seededDraw(seededDigest(seed));
    this.#draw = draw;
    const operatorCap = draw(3);
    // Among strangers less haste is allowed: see `policy-flaw`.
    const handOverMs = operatorCap === 0 ? 10 + draw(1_000) : 30_000;
    this.network = new TestNetwork({
      members: 8 + draw(6),
      standing: draw(2) === 0 ? draw(25) : 1_000,
      policy: {
        auditFloor: draw(2) === 0 ? 0 : draw(ONE + 1),
        probationShare: draw(2) === 0 ? 6_554 : ONE,
        operatorCap,
        pricePerGigafuel: BigInt(draw(100_000)) as Points,
        burnShare: 1 + draw(ONE),
        verifierShare: draw(ONE),
        drawFactor: 1 + draw(3),
        suspensionMs: 1 + draw(100_000),
        unjudgedShare: draw(ONE + 1),
        cancelFee: BigInt(draw(500)) as Points,
        acceptFee: BigInt(draw(500)) as Points,
        maxAttempts: 1 + draw(3),
        evidencePerDay: 1 + draw(20),
        taskKeptMs: (operatorCap === 0 ? 1 : 3_600_000) + draw(200_000),
        unusedMs: 1 + draw(200_000),
        epochMs: (operatorCap === 0 ? 1_100 : 300_000) + draw(10_000),
        handOverBlocks: 1 + draw(4),
        handOverMs,
        committeeSeats: 4 + draw(6),
        seatAgeEpochs: draw(2),
        contributionKept: draw(2) === 0 ? ONE : 1 + draw(ONE),
      },
    });
    this.actors = new Actors(this.network, (id, orderId) => {
      // Now and then all conspire, so that no result can be trusted.
      if (seededDraw(seededDigest(`${seed}/${orderId}`))(6) === 0) return "lies";
      const { name } = this.network.memberOf(id);
      const chance = seededDraw(seededDigest(`${seed}/${orderId}/${name}`));
      return conducts[chance(conducts.length)] as Conduct;
    });
  }

  /** Most members stand for a seat from the beginning. */
  #begin(): void {
    const { network } = this;
    network.step({ view: 1 });
    for (const member of network.members)
      if (this.#draw(5) > 0) network.put(candidacy(network, member));
    network.step({ view: 1 });
  }

  /** Makes so many blocks; `after` looks at each. */
  run(blocks: number, after: (network: TestNetwork) => void = () => {}): void {
    this.#begin();
    for (let i = 0; i < blocks; i++) {
      if (i % 10 === 9) this.#part();
      if (this.#draw(3) === 0) this.#order();
      if (this.#draw(3) === 0) this.#live();
      if (this.#draw(8) === 0) this.#cancel();
      if (this.#draw(6) === 0) this.#spendAll();
      if (this.#draw(6) === 0) this.#appeal();
      if (this.#draw(3) === 0) this.#takePart();
      this.#act();
      this.#step();
      after(this.network);
    }
  }

  /** No more orders: makes blocks until every task is done. */
  end(): void {
    for (let rounds = 0; this.#open().length > 0; rounds++) {
      this.#act();
      this.#step();
      if (rounds > 500) throw new Error(`${this.#open()[0]?.orderId} hangs`);
    }
  }

  #open(): TaskRecord[] {
    return [...this.network.state.all("task")].filter((task) => task.phase !== "done");
  }

  #act(): void {
    for (const task of this.#open()) {
      const isImpatient = task.phase === "audit" && this.#draw(3) === 0;
      if (isImpatient) this.actors.speakUp(task);
      else if (this.#draw(4) > 0) this.actors.act(task);
    }
  }

  #order(): void {
    const replicas = 1 + this.#draw(3);
    const verifiers = 1 + this.#draw(4);
    const maxFuel = 10_000_000n as Fuel;
    const panel = panelSize(verifiers);
    const worst =
      BigInt(replicas + verifiers + panel) * priceOfRun(this.network.state.policy, maxFuel);
    this.actors.send({
      policy: {
        replicas,
        verifiers,
        segmentsPerVerifier: 1 + this.#draw(10),
        auditRate: this.#draw(2) === 0 ? 0 : this.#draw(ONE + 1),
      },
      maxFuel,
      priceCeiling: (worst + BigInt(this.#draw(2_000))) as Points,
    });
  }

  /** A guest orders for all that it holds, and its registration may end before its order does. */
  #spendAll(): void {
    const { guests, state } = this.network;
    const guest = guests[this.#draw(guests.length + 1)];
    const held = guest && state.account(guest.nodeId)?.points;
    if (held === undefined || held <= state.policy.submitPrice) return;
    const stageMs = 20_000 + this.#draw(200_000);
    this.actors.send(
      {
        policy: { replicas: 1, verifiers: 1, segmentsPerVerifier: 1, auditRate: 0 },
        priceCeiling: (held - state.policy.submitPrice) as Points,
        maxFuel: 1_000_000n as Fuel,
        deadlines: { matchMs: stageMs, runMs: stageMs, deliverMs: stageMs },
      },
      guest,
    );
  }

  /** A gateway places an order of a job that nobody has ordered alone. */
  #part(): void {
    const { network } = this;
    const jobHash = seededDigest(`job at ${network.header.height}`);
    const mandate = mandateOf(network, { jobHash });
    network.put(partOf(network, mandate, { slot: network.header.height % mandate.orders }));
  }

  #cancel(): void {
    const open = this.#open();
    const task = open[this.#draw(open.length + 1)];
    const { requester } = this.network;
    if (task) this.network.send(requester, { kind: "cancel", orderId: task.orderId });
  }

  /** Somebody doubts a verdict, for whatever reason. */
  #appeal(): void {
    const { network } = this;
    const judged = [...network.state.all("task")].filter(
      ({ conclusion }) => conclusion !== null && conclusion.proofHash !== null,
    );
    const task = judged[this.#draw(judged.length + 1)];
    if (task === undefined) return;
    const [penalty] = task.conclusion?.penalties ?? [];
    const isByWorker = penalty !== undefined && this.#draw(3) > 0;
    const sender = isByWorker ? network.memberOf(penalty.node) : network.requester;
    const { orderId, attempt } = task;
    network.send(sender, { kind: "appeal", orderId, attempt });
  }

  /** Somebody does something about his identity. */
  #live(): void {
    const { network } = this;
    const { guests, requester } = network;
    const everybody = [...network.members, ...guests];
    const who = everybody[this.#draw(everybody.length)] as TestMember;
    const heir = this.#draw(2) === 0 ? requester.nodeId : null;
    const choices: (() => Transaction)[] = [
      () => registration(network, this.#newcomer()),
      () => renewal(network, who),
      () => renewal(network, who),
      () => renewal(network, who),
      () => renewal(network, who, { capacity: this.#draw(5) }),
      () => network.sign(who, { kind: "leave" }),
      () => rotation(network, who),
      // The seats must go on proposing, and enough nodes must be left for a task.
      () =>
        revocation(network, guests[this.#draw(guests.length + 1)] ?? this.#newcomer(), { heir }),
      () =>
        network.sign(requester, {
          kind: "revoke-voucher",
          voucher: voucherOf(network, requester, { uses: 1 + this.#draw(3) }),
        }),
    ];
    const choice = choices[this.#draw(choices.length)];
    // The block below the head is named by renewals: the first has none.
    if (choice && network.header.height > 0) network.put(choice());
  }

  /** Somebody has to do with the committee. */
  #takePart(): void {
    const { network } = this;
    const { members, state } = network;
    const { seats } = state.committee;
    const seat = this.#draw(seats.length);
    const who = members[this.#draw(members.length)] as TestMember;
    const candidate = this.#draw(3) === 0 ? null : (seats[seat]?.node ?? null);
    const policy = { ...state.policy, auditFloor: this.#draw(2) * ONE };
    const stand = () => candidacy(network, who);
    const choices: (() => Transaction | undefined)[] = [
      ...[stand, stand, stand, stand],
      () => network.sign(who, { kind: "delegate", candidate }),
      () =>
        network.sign(network.memberOf(seats[seat]?.node as NodeId), {
          kind: "govern",
          proposal: { policy, protocolVersion: 1 },
        }),
      // Seldom, so that the honest stay in the majority.
      () => (this.#draw(3) === 0 ? network.sign(who, equivocation(network, { seat })) : undefined),
    ];
    const chosen = network.header.height > 0 && choices[this.#draw(choices.length)]?.();
    if (chosen) network.put(chosen);
  }

  #newcomer(): TestMember {
    const { guests } = this.network;
    const guest = testMember(`guest-${guests.length}`);
    guests.push(guest);
    return guest;
  }

  /** Now at once, now when the ledger wants a block, now and then after a long sleep. */
  #step(): void {
    const { network } = this;
    const owed = nextOwedTime(network.state) - network.header.time;
    const soon = 1 + this.#draw(50);
    const elapsedMs = [soon, soon, soon, owed, owed + this.#draw(90_000)][this.#draw(5)] ?? soon;
    // A view that failed may bring an empty block; what a deadline has overtaken is refused.
    network.step({ elapsedMs, view: 1 + this.#draw(3), mayRefuse: true });
  }
}

/** Mostly honest, so that some tasks come to something. */
const conducts: Conduct[] = [
  ...Array<Conduct>(12).fill("honest"),
  "declines",
  "silent",
  "vanishes",
  "vanishes",
  "vanishes",
  "lies",
  "lies",
  "lies",
  "lies",
  "hides",
  "acquits",
  "acquits",
  "slanders",
];
