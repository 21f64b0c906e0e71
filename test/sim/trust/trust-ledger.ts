import { sm3 } from "@meshwork/crypto";
import { assert, type Signature, toHex, utf8, type VrfProof } from "@meshwork/foundation";
import {
  applyGenesis,
  assertConserved,
  believingChecks,
  buildBlock,
  type Checks,
  type LedgerEvent,
  nextOwedTime,
  type Refusal,
  type State,
  type Why,
} from "@meshwork/ledger";
import type { Genesis, Header, Transaction, TransactionBody } from "@meshwork/protocol";
import { type Identity, seededDigest } from "./identity.ts";

/** As `believingChecks`; and its beacon proofs are no points of a curve: any text is as good as another. */
const trusting: Checks = {
  ...believingChecks,
  verifyBeacon: (_key, _alpha, proof) => sm3(utf8(proof)),
};
export const UNSIGNED = "0".repeat(128) as Signature;

const BLOCK_MS = 500;

/** What one block did, for those who count. */
export interface Made {
  events: readonly LedgerEvent[];
  whys: readonly Why[];
}

/**
 * The real ledger, block by block, in virtual time. It has one proposer at a time, who is honest, and a
 * beacon that the seed decides: committees are `npm run sim`'s business.
 */
export class TrustLedger {
  state: State;
  /** Blocks and what they hold, as one digest: the same for the same seed. */
  trace: string;
  transactions = 0;
  readonly refused = new Map<Refusal["code"], number>();
  readonly #seed: string;
  #header: Header;
  #pool: Transaction[] = [];
  #nonce = 0n;

  constructor(genesis: Genesis, seed: string) {
    ({ state: this.state, header: this.#header } = applyGenesis(genesis));
    this.#seed = seed;
    this.trace = seededDigest(seed);
  }

  get chainId() {
    return this.#header.chainId;
  }

  get header(): Header {
    return this.#header;
  }

  get isPending(): boolean {
    return this.#pool.length > 0;
  }

  /** Puts a transaction into the next block. */
  send(sender: Pick<Identity, "nodeId">, body: TransactionBody): Transaction {
    const unsigned = {
      chainId: this.chainId,
      sender: sender.nodeId,
      nonce: this.#nonce++,
      notAfter: this.#header.time + 300_000,
      body,
    };
    const transaction = { unsigned, signature: UNSIGNED };
    this.#pool.push(transaction);
    return transaction;
  }

  /** A block soon if anybody has sent something, else when the ledger owes one. */
  step(): Made {
    const owedIn = nextOwedTime(this.state) - this.#header.time;
    return this.#make(this.isPending ? BLOCK_MS : Math.max(owedIn, 1));
  }

  /** Nothing happens for a while. */
  sleep(ms: number): Made[] {
    const until = this.#header.time + ms;
    const made: Made[] = [];
    while (this.#header.time < until) made.push(this.step());
    return made;
  }

  /** That no point was made or lost. */
  assertSound(): void {
    assertConserved(this.state);
  }

  #make(elapsedMs: number): Made {
    const { seats } = this.state.committee;
    const height = this.#header.height + 1;
    const chance = toHex(sm3(utf8(`${this.#seed}/beacon/${height}`)));
    const built = buildBlock(
      { state: this.state, parent: this.#header, checks: trusting },
      {
        proposer: seats[height % seats.length]?.node ?? this.#header.proposer,
        view: 0,
        time: this.#header.time + elapsedMs,
        beaconProof: `${chance}${chance}${chance.slice(0, 32)}` as VrfProof,
        candidates: this.#pool,
        lastCommit: null,
      },
    );
    assert(built.ok, `not built: ${built.ok ? "" : built.refusal.reason}`);
    this.#pool = [];
    for (const { refusal } of built.dropped)
      this.refused.set(refusal.code, (this.refused.get(refusal.code) ?? 0) + 1);
    this.state = built.state;
    this.#header = built.block.header;
    this.transactions += built.block.transactions.length;
    this.trace = seededDigest(`${this.trace}${this.#header.stateRoot}`);
    return { events: built.events, whys: built.whys };
  }
}
