import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { MeterEmitter, type MeterGlobals, SCRATCH_LOCALS, TRAP_REASON } from "./meter-emitter.ts";
import { ModuleError } from "./module-error.ts";
import { moduleLimits } from "./module-limits.ts";
import {
  type ModuleOutline,
  memoryIndex,
  referenceType,
  type Signature,
  signatureOf,
  typeAt,
  valueType,
} from "./module-outline.ts";
import { BULK_PREFIX, bulkOpcodes, type Immediate, opcodes } from "./opcodes.ts";
import { OperandStack } from "./operand-stack.ts";

export interface RewriteContext {
  readonly outline: ModuleOutline;
  readonly globals: MeterGlobals;
  /** The index of a type () → results, for the block that wraps a body with several results. */
  readonly typeOfBlock: (results: readonly number[]) => number;
}

/** A frame's cost besides its locals and operands: return address, frame pointer, instance. */
const FRAME_WEIGHT = 16;

/** Rewrites one body. The whole of it stands in one block, so that every way out meets its end. */
export function rewriteFunction(
  body: Uint8Array,
  signature: Signature,
  context: RewriteContext,
): Uint8Array {
  return new FunctionRewriter(body, signature, context).rewrite();
}

class FunctionRewriter {
  readonly #reader: ByteReader;
  readonly #signature: Signature;
  readonly #context: RewriteContext;
  readonly #meter: MeterEmitter;
  readonly #stack: OperandStack;
  readonly #localGroups: { count: number; type: number }[] = [];
  readonly #locals: number;
  /** What is finished, and the straight run of instructions whose fuel is still being added up. */
  readonly #code: ByteWriter;
  readonly #run = new ByteWriter();
  #fuel: number;
  /** Whether this run begins where the fuel is looked at: at the entry and at every loop's head. */
  #look = true;

  constructor(body: Uint8Array, signature: Signature, context: RewriteContext) {
    this.#reader = new ByteReader(body);
    this.#signature = signature;
    this.#context = context;
    this.#locals = this.#readLocals();
    this.#meter = new MeterEmitter(context.globals, this.#locals);
    this.#stack = new OperandStack(signature.results.length);
    this.#code = new ByteWriter(2 * body.length + 64);
    this.#fuel = 1 + (this.#locals >> 2); // Locals are set to zero on entry.
  }

  rewrite(): Uint8Array {
    while (this.#instruction());
    if (!this.#reader.done)
      throw new ModuleError("MODULE_MALFORMED", "code follows after a function's end");
    const weight = FRAME_WEIGHT + this.#locals + this.#stack.highest;
    const out = new ByteWriter(this.#code.length + 64);
    this.#writeLocals(out);
    this.#meter.enterFrame(out, weight);
    this.#meter.reload(out);
    out.byte(0x02); // block
    this.#writeBlockType(out);
    out.raw(this.#code.written());
    out.byte(0x0b);
    this.#meter.flush(out);
    this.#meter.leaveFrame(out, weight);
    out.byte(0x0b);
    return out.written();
  }

  #readLocals(): number {
    let locals = this.#signature.parameters.length;
    for (let left = this.#reader.count(moduleLimits.locals, "groups of locals"); left > 0; left--) {
      const count = this.#reader.u32();
      locals += count;
      if (locals > moduleLimits.locals)
        throw new ModuleError("MODULE_LIMIT", `${locals} locals in one function are too many`);
      this.#localGroups.push({ count, type: valueType(this.#reader.byte()) });
    }
    return locals;
  }

  #writeLocals(out: ByteWriter): void {
    const groups = [...this.#localGroups, ...SCRATCH_LOCALS.map((type) => ({ count: 1, type }))];
    out.u32(groups.length);
    for (const { count, type } of groups) {
      out.u32(count);
      out.byte(type);
    }
  }

  #writeBlockType(out: ByteWriter): void {
    const { results } = this.#signature;
    const [only] = results;
    if (results.length > 1) out.signed(this.#context.typeOfBlock(results));
    else out.byte(only ?? 0x40);
  }

  /** Copies or replaces one instruction; false after the one that ends the function. */
  #instruction(): boolean {
    const at = this.#reader.position;
    const code = this.#reader.byte();
    if (code === BULK_PREFIX) return this.#bulkInstruction(at);
    const opcode = opcodes[code];
    if (!opcode) throw denied(code.toString(16).padStart(2, "0"));
    this.#fuel += opcode.fuel;
    this.#stack.adjust(opcode.pops, opcode.pushes);
    if (opcode.immediate === "special") return this.#special(code, at);
    this.#skip(opcode.immediate);
    this.#copyFrom(at);
    const next = this.#reader.peek();
    const hidden = next !== undefined && opcodes[next]?.ignoresNanBits;
    if (opcode.makesNan && !hidden) this.#meter.canonicaliseNan(this.#run, opcode.makesNan);
    return true;
  }

  #special(code: number, at: number): boolean {
    switch (code) {
      case 0x00:
        this.#meter.trap(this.#run, TRAP_REASON.unreachable);
        return this.#jumped();
      case 0x02:
      case 0x03:
      case 0x04:
        return this.#blockBegins(code, at);
      case 0x05:
        this.#stack.otherwise();
        return this.#endRunAfter(at);
      case 0x0b:
        return this.#blockEnds(at);
      case 0x0c:
        this.#reader.u32();
        this.#copyFrom(at);
        return this.#jumped();
      case 0x0d:
        this.#reader.u32();
        this.#stack.adjust(1, 0);
        return this.#endRunAfter(at);
      case 0x0e:
        for (let i = this.#reader.count(moduleLimits.branchTargets, "branches"); i >= 0; i--)
          this.#reader.u32();
        this.#copyFrom(at);
        return this.#jumped();
      case 0x0f:
        this.#run.byte(0x0c); // `return` would leave past the end: br to the wrapping block
        this.#run.u32(this.#stack.depth);
        return this.#jumped();
      case 0x10:
      case 0x11:
        return this.#call(code, at);
      case 0x1c:
        if (this.#reader.u32() !== 1) throw denied("1c with several types");
        valueType(this.#reader.byte());
        this.#copyFrom(at);
        return true;
      default:
        memoryIndex(this.#reader);
        this.#meter.grow(this.#run, this.#context.outline.memoryMaximum);
        return true;
    }
  }

  #blockBegins(code: number, at: number): boolean {
    if (code === 0x04) this.#stack.adjust(1, 0);
    const { parameters, results } = this.#readBlockType();
    this.#stack.enter(parameters, results);
    if (this.#stack.depth > moduleLimits.nesting)
      throw new ModuleError("MODULE_LIMIT", `more than ${moduleLimits.nesting} nested blocks`);
    if (code !== 0x02) return this.#endRunAfter(at, code === 0x03);
    this.#copyFrom(at);
    return true;
  }

  #blockEnds(at: number): boolean {
    if (this.#stack.depth === 0) {
      this.#endRun(false);
      return false;
    }
    this.#stack.leave();
    return this.#endRunAfter(at);
  }

  #readBlockType(): { parameters: number; results: number } {
    const byte = this.#reader.peek() ?? 0;
    if (byte >= 0x40 && byte < 0x80) {
      this.#reader.byte();
      if (byte === 0x40) return { parameters: 0, results: 0 };
      valueType(byte);
      return { parameters: 0, results: 1 };
    }
    const type = typeAt(this.#context.outline, this.#reader.u32());
    return { parameters: type.parameters.length, results: type.results.length };
  }

  #call(code: number, at: number): boolean {
    const { outline } = this.#context;
    const index = this.#reader.u32();
    const callee = code === 0x10 ? signatureOf(outline, index) : typeAt(outline, index);
    if (code === 0x11) this.#reader.u32(); // the table
    this.#stack.adjust(callee.parameters.length + (code - 0x10), callee.results.length);
    this.#meter.flush(this.#run);
    this.#copyFrom(at);
    this.#meter.reload(this.#run);
    return true;
  }

  #bulkInstruction(at: number): boolean {
    const code = this.#reader.u32();
    const opcode = bulkOpcodes[code];
    if (!opcode) throw denied(`fc ${code}`);
    this.#fuel += opcode.fuel;
    this.#stack.adjust(opcode.pops, opcode.pushes);
    if (opcode.immediate === "index") this.#reader.u32();
    if (opcode.immediate === "special") {
      if (code === 8 || code === 12 || code === 14) this.#reader.u32(); // a segment or table
      if (code === 10) memoryIndex(this.#reader);
      if (code <= 11) memoryIndex(this.#reader);
      else this.#reader.u32(); // a table
      // A quarter of a unit for a byte of memory, 64 for an element of a table.
      this.#meter.chargeByLength(this.#run, code <= 11 ? -2 : 6);
    }
    this.#copyFrom(at);
    return true;
  }

  #skip(immediate: Immediate): void {
    const reader = this.#reader;
    if (immediate === "index") reader.u32();
    else if (immediate === "signed") reader.skipSigned();
    else if (immediate === "float32") reader.take(4);
    else if (immediate === "float64") reader.take(8);
    else if (immediate === "memory") memoryIndex(reader);
    else if (immediate === "heapType") referenceType(reader.byte());
    else if (immediate === "memoryArgument") {
      // From 64 on, the alignment's bits say that the index of another memory follows.
      if (reader.u32() >= 64) throw denied("an access to another memory");
      reader.u32();
    }
  }

  #copyFrom(at: number): void {
    this.#run.raw(this.#reader.bytes.subarray(at, this.#reader.position));
  }

  #jumped(): boolean {
    this.#stack.unreachable();
    this.#endRun(false);
    return true;
  }

  #endRunAfter(at: number, look = false): boolean {
    this.#copyFrom(at);
    this.#endRun(look);
    this.#fuel = 1;
    return true;
  }

  /** The fuel of a straight run is taken before its first instruction. */
  #endRun(look: boolean): void {
    this.#meter.charge(this.#code, this.#fuel, this.#look);
    this.#code.raw(this.#run.written());
    this.#run.clear();
    this.#fuel = 0;
    this.#look = look;
  }
}

const denied = (what: string) =>
  new ModuleError("OPCODE_DENIED", `the instruction 0x${what} is not allowed`);
