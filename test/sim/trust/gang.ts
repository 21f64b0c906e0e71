import type { NodeId, OrderId, Points } from "@meshwork/foundation";
import type { SeededDraw, TaskRecord } from "@meshwork/protocol";
import { type Identity, identity, seededDigest } from "./identity.ts";
import { key25519, type Population } from "./population.ts";
import type { Strategy } from "./strategy.ts";
import { type TrustLedger, UNSIGNED } from "./trust-ledger.ts";

/** A way to cheat. Who arrives is the same whether they cheat or not, so that the two can be compared. */
export interface Adversary {
  name: string;
  /** One line of the table. */
  about: string;
  /** Of all nodes that stand in the genesis. */
  share: number;
  /** Before the first task. */
  arrives?(gang: Gang): void;
  /** Now and then, beside the tasks. */
  eachRound?(gang: Gang): void;
  /** What it does about an order of its own. */
  watches?(gang: Gang, task: TaskRecord): void;
  plays(gang: Gang): Strategy;
}

/** What a newcomer gets from the gang's own purse: the price of registering, and bonds for a while. */
const GRANT = 2_000n as Points;

/** All keys of one adversary. */
export class Gang {
  readonly ledger: TrustLedger;
  readonly purse: Identity;
  /** Chance that only the gang uses. */
  readonly draw: SeededDraw;
  readonly members: Identity[];
  /** Keys that were given up for new ones. */
  readonly abandoned = new Set<NodeId>();
  /** Orders that the purse has placed. */
  readonly ordered = new Set<OrderId>();
  readonly #ids: Set<NodeId>;
  #recruits = 0;
  #joining: Identity[] = [];

  constructor(ledger: TrustLedger, { gang, purse }: Population, draw: SeededDraw) {
    this.ledger = ledger;
    this.purse = purse;
    this.draw = draw;
    this.members = [...gang];
    this.#ids = new Set(gang.map(({ nodeId }) => nodeId));
  }

  has(id: NodeId): boolean {
    return this.#ids.has(id);
  }

  /** A new key, which the purse vouches for. */
  recruit(): Identity {
    const who = identity(`recruit-${this.#recruits++}`);
    const { chainId, header } = this.ledger;
    const body = {
      chainId,
      issuer: this.purse.nodeId,
      voucherKey: this.purse.publicKey,
      grant: GRANT,
      uses: 10_000,
      notAfter: header.time + 3_600_000,
    };
    this.ledger.send(who, {
      kind: "register",
      publicKey: who.publicKey,
      recoveryHash: seededDigest(`${who.name}/recovery`),
      node: { transportKey: key25519(`${who.name}/transport`), keyVersion: 0 },
      admission: {
        voucher: { body, signature: UNSIGNED },
        signature: UNSIGNED,
      },
    });
    this.members.push(who);
    this.#ids.add(who.nodeId);
    this.#joining.push(who);
    return who;
  }

  /** Newcomers whose registration stands offer themselves. */
  settleIn(): void {
    const ready = this.#joining.filter(({ nodeId }) => this.ledger.state.node(nodeId));
    this.#joining = this.#joining.filter((who) => !ready.includes(who));
    for (const who of ready) this.offer(who);
  }

  offer(who: Identity): void {
    const { height, parent } = this.ledger.header;
    this.ledger.send(who, {
      kind: "renew",
      recentBlock: { height: height - 1, hash: parent },
      runtimes: ["wasm-step-v1"],
      region: "here",
      capacity: 4,
      serves: [],
      memoryMiB: 1_024,
      cpus: 4,
      nearness: null,
      sealKey: key25519(`${who.name}/seal`),
      vote: null,
    });
  }

  /** All that its keys own, staked and vesting included. */
  get wealth(): bigint {
    const accounts = [this.purse, ...this.members].map(({ nodeId }) =>
      this.ledger.state.account(nodeId),
    );
    return accounts.reduce(
      (sum, one) => sum + (one ? one.points + one.bonded + one.vesting : 0n),
      0n,
    );
  }
}
