import type { NodeId } from "@meshwork/foundation";
import type { Transaction } from "@meshwork/protocol";
import { toyTransaction } from "./toy-transaction.ts";
import type { World } from "./world.ts";

const RETRY_MS = 1_500;

/** Sends a transaction, waits until it is final, sends it again meanwhile, and goes on to the next. */
export class Client {
  readonly #world: World;
  readonly #name: NodeId;
  #next = 0;
  #isFinishing = false;

  constructor(world: World, index: number) {
    this.#world = world;
    this.#name = `c${index}` as NodeId;
  }

  start(): void {
    this.#world.agenda.after(this.#world.random.int(1_000), () => this.#submit());
    // One that can never be executed, for the number before it is never used.
    if (this.#world.random.chance(0.5)) this.#offer(toyTransaction(this.#name, 1_000_000));
  }

  /** What is under way is still seen through. */
  finish(): void {
    this.#isFinishing = true;
  }

  get isDone(): boolean {
    return this.#isFinishing && this.#isFinal(this.#next - 1);
  }

  submitLast(): void {
    this.#isFinishing = true;
    this.#next++;
    this.#attend(this.#next - 1);
  }

  #submit(): void {
    if (this.#isFinishing) return;
    this.#next++;
    this.#attend(this.#next - 1);
  }

  #attend(nonce: number): void {
    const { agenda, random, scenario } = this.#world;
    if (this.#isFinal(nonce)) {
      agenda.after(random.between(1, 2 * scenario.clientPauseMs), () => this.#submit());
      return;
    }
    this.#offer(toyTransaction(this.#name, nonce));
    const wait = (until: number) => {
      if (this.#isFinal(nonce) || agenda.now >= until) this.#attend(nonce);
      else agenda.after(50, () => wait(until));
    };
    agenda.after(50, () => wait(agenda.now + RETRY_MS));
  }

  #offer(transaction: Transaction): void {
    const node = this.#world.random.pick(this.#world.nodes);
    this.#world.happened(this.#name, `sends ${transaction.signature} to ${node.name}`);
    node.offer({ kind: "transactions", transactions: [transaction] });
  }

  #isFinal(nonce: number): boolean {
    return this.#world.honest.some(({ ledger }) => ledger.counterOf(this.#name) > nonce);
  }
}
