import { limits, type NodeId, type OrderId } from "@meshwork/foundation";
import type { TaskMessage } from "@meshwork/protocol";

export interface Letter {
  from: NodeId;
  message: TaskMessage;
  sizeBytes: number;
}

/** Letters by order. Bounded by order, by sender, and in all; the oldest order is forgotten first. */
export class LetterBoxes {
  readonly #boxes = new Map<OrderId, Letter[]>();
  #bytes = 0;

  of(orderId: OrderId): readonly Letter[] {
    return this.#boxes.get(orderId) ?? [];
  }

  /** Whether the letter is kept: a sender who floods loses his own later letters, and nobody else's. */
  keep(orderId: OrderId, letter: Letter): boolean {
    const box = this.#boxes.get(orderId) ?? [];
    if (letter.message.kind === "progress") this.#dropOlder(box, letter.from);
    if (!hasRoomFor(box, letter)) return false;
    box.push(letter);
    this.#bytes += letter.sizeBytes;
    // Behind all others: the order that nobody has written about for longest is the oldest.
    this.#boxes.delete(orderId);
    this.#boxes.set(orderId, box);
    this.#forgetOldest();
    return true;
  }

  /** Of progress only the newest counts. */
  #dropOlder(box: Letter[], sender: NodeId): void {
    const older = box.findIndex(
      ({ from, message }) => from === sender && message.kind === "progress",
    );
    for (const dropped of older < 0 ? [] : box.splice(older, 1)) this.#bytes -= dropped.sizeBytes;
  }

  #forgetOldest(): void {
    for (const [oldest, box] of this.#boxes) {
      if (this.#boxes.size <= limits.orderBoxes && this.#bytes <= limits.letterBytes) return;
      this.#boxes.delete(oldest);
      this.#bytes -= sizeOf(box);
    }
  }
}

/**
 * Letters of those of whom the ledger does not say, or does not say yet, that they have a part in the
 * order: this node may be some blocks behind. Anybody can send them, so there are few.
 */
export class EarlyLetters {
  #letters: (Letter & { orderId: OrderId })[] = [];

  of(orderId: OrderId): readonly Letter[] {
    return this.#letters.filter((letter) => letter.orderId === orderId);
  }

  keep(orderId: OrderId, letter: Letter): void {
    const sent = this.#letters.filter(({ from }) => from === letter.from).length;
    if (sent >= limits.earlyLettersPerSender || letter.sizeBytes > limits.earlyLetterBytes) return;
    this.#letters.push({ ...letter, orderId });
    if (this.#letters.length > limits.earlyLetters) this.#letters.shift();
  }
}

function hasRoomFor(box: readonly Letter[], letter: Letter): boolean {
  const earlier = box.filter(({ from }) => from === letter.from);
  return (
    earlier.length < limits.lettersPerSender &&
    sizeOf(earlier) + letter.sizeBytes <= limits.letterBytesPerSender
  );
}

const sizeOf = (letters: readonly Letter[]): number =>
  letters.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
