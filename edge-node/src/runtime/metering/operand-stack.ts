/**
 * How high a function's operand stack grows. V8 keeps operands in the native frame across calls, so
 * the height belongs to the weight of the frame. Code that cannot be reached counts for nothing.
 */
export class OperandStack {
  highest = 0;
  #height = 0;
  readonly #blocks: { base: number; parameters: number; results: number }[] = [];

  /** @param results of the function itself, which is the outermost block. */
  constructor(results: number) {
    this.#blocks.push({ base: 0, parameters: 0, results });
  }

  /** How many blocks are open inside the function's own. */
  get depth(): number {
    return this.#blocks.length - 1;
  }

  adjust(pops: number, pushes: number): void {
    this.#height = Math.max(this.#height - pops, this.#base) + pushes;
    this.highest = Math.max(this.highest, this.#height);
  }

  enter(parameters: number, results: number): void {
    this.#blocks.push({
      base: Math.max(this.#height - parameters, this.#base),
      parameters,
      results,
    });
  }

  otherwise(): void {
    this.#height = this.#base;
    this.adjust(0, this.#blocks.at(-1)?.parameters ?? 0);
  }

  leave(): void {
    const block = this.#blocks.pop();
    if (!block) return;
    this.#height = block.base;
    this.adjust(0, block.results);
  }

  /** After a jump, until the block ends. */
  unreachable(): void {
    this.#height = this.#base;
  }

  get #base(): number {
    return this.#blocks.at(-1)?.base ?? 0;
  }
}
