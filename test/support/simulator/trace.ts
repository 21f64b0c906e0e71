import type { ConsensusMessage } from "@meshwork/protocol";

const KEPT = 4_000;

/** Something that happened: when, to whom, what. Turned into text only when someone reads it. */
export interface Happening {
  readonly time: number;
  readonly who: string;
  readonly what: string;
  readonly message: ConsensusMessage | null;
}

/** What happened in a run: all of it in a hash, the last of it in full. */
export class Trace {
  count = 0;
  #hash = 0x811c9dc5;
  readonly #last: Happening[] = [];
  readonly #listener: ((line: string) => void) | null;

  constructor(listener: ((line: string) => void) | null = null) {
    this.#listener = listener;
  }

  add(happening: Happening): void {
    this.#last[this.count++ % KEPT] = happening;
    this.#mix(happening.time);
    this.#mixText(happening.who);
    this.#mixText(happening.what);
    if (happening.message !== null) this.#mixMessage(happening.message);
    this.#listener?.(lineOf(happening));
  }

  /** The same for two runs only if they were the same. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  last(lines: number): string[] {
    const from = Math.max(0, this.count - Math.min(lines, KEPT));
    return Array.from({ length: this.count - from }, (_, i) => {
      const happening = this.#last[(from + i) % KEPT];
      return happening === undefined ? "" : lineOf(happening);
    });
  }

  #mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ (value & 0xffff_ffff), 0x0100_0193);
  }

  #mixText(text: string): void {
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
  }

  #mixMessage(message: ConsensusMessage): void {
    const ballot = ballotOf(message);
    if (ballot === null) this.#mixText(message.kind);
    else {
      this.#mix(ballot.height);
      this.#mix(ballot.view);
      this.#mixText(ballot.kind);
      this.#mixText(ballot.blockHash?.slice(0, 4) ?? "");
    }
  }
}

const lineOf = ({ time, who, what, message }: Happening): string =>
  `${String(time).padStart(9)} ${who.padEnd(4)} ${what}${message === null ? "" : ` ${describe(message)}`}`;

function ballotOf(message: ConsensusMessage) {
  if (message.kind === "vote" || message.kind === "proposal") return message.vote.ballot;
  if (message.kind === "certificate" || message.kind === "finalized")
    return message.certificate.ballot;
  return null;
}

export function describe(message: ConsensusMessage): string {
  const ballot = ballotOf(message);
  if (ballot !== null) {
    const { kind, height, view, blockHash } = ballot;
    return `${message.kind} ${kind}(${height}, ${view}${blockHash === null ? "" : `, ${blockHash.slice(0, 6)}`})`;
  }
  switch (message.kind) {
    case "status":
      return `status(${message.height}, ${message.view}) certified ${message.certified}`;
    case "block-request":
      return `block-request ${message.blockHash.slice(0, 6)}`;
    case "transactions":
      return `transactions ${message.transactions.map(({ signature }) => signature).join(" ")}`;
    default:
      return message.kind;
  }
}
