import type { ByteWriter } from "./byte-writer.ts";
import { FUEL_PER_PAGE } from "./module-limits.ts";
import { F32, F64, I32, I64 } from "./opcodes.ts";

/** The globals that the instrumenter adds behind the module's own. */
export interface MeterGlobals {
  /** i64: fuel left. Below zero means spent. */
  readonly fuel: number;
  /** i32: stack budget left. */
  readonly stack: number;
  /** i32: why the code trapped by itself; one of `TRAP_REASON`. */
  readonly reason: number;
}

/** Written into `reason` just before a trap that we can name. Zero: some other instruction trapped. */
export const TRAP_REASON = {
  none: 0,
  outOfFuel: 1,
  stackOverflow: 2,
  unreachable: 3,
  /** The host could not give memory that the contract grants: no result, but a broken host. */
  hostMemory: 4,
} as const;

/** The locals that every function gets behind its own. */
export const SCRATCH_LOCALS = [I32, I32, I64, F32, F64] as const;

const CANONICAL_NAN = {
  [F32]: [0x43, 0x00, 0x00, 0xc0, 0x7f],
  [F64]: [0x44, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf8, 0x7f],
} as const;
const EQUALS = { [F32]: 0x5b, [F64]: 0x61 } as const;

/**
 * Writes the instruction sequences of metering. Inside a function the fuel lives in a local, which
 * V8 keeps in a register; it goes back to the global wherever another function may look at it.
 */
export class MeterEmitter {
  readonly #globals: MeterGlobals;
  readonly #local: { a: number; b: number; fuel: number; f32: number; f64: number };

  /** @param firstLocal the index of the first scratch local. */
  constructor(globals: MeterGlobals, firstLocal: number) {
    this.#globals = globals;
    this.#local = {
      a: firstLocal,
      b: firstLocal + 1,
      fuel: firstLocal + 2,
      f32: firstLocal + 3,
      f64: firstLocal + 4,
    };
  }

  /** Fuel from local to global: before a call, a return, or a trap that we name. */
  flush(out: ByteWriter): void {
    localGet(out, this.#local.fuel);
    globalSet(out, this.#globals.fuel);
  }

  reload(out: ByteWriter): void {
    globalGet(out, this.#globals.fuel);
    localSet(out, this.#local.fuel);
  }

  /** Takes `amount`, and traps when the fuel is spent if this is a place to look. */
  charge(out: ByteWriter, amount: number, look: boolean): void {
    if (amount > 0) {
      localGet(out, this.#local.fuel);
      out.byte(0x42); // i64.const
      out.signed(amount);
      out.byte(0x7d); // i64.sub
      localSet(out, this.#local.fuel);
    }
    if (look) this.#trapWhenSpent(out);
  }

  /** Charges the i32 on top of the stack, scaled by 2^`scale`, and leaves it there. */
  chargeByLength(out: ByteWriter, scale: number): void {
    localSet(out, this.#local.a);
    localGet(out, this.#local.fuel);
    localGet(out, this.#local.a);
    out.byte(0xad, 0x42); // i64.extend_i32_u, i64.const
    out.signed(Math.abs(scale));
    out.byte(scale < 0 ? 0x88 : 0x86, 0x7d); // i64.shr_u or i64.shl, i64.sub
    localSet(out, this.#local.fuel);
    this.#trapWhenSpent(out);
    localGet(out, this.#local.a);
  }

  /**
   * `memory.grow` may fail although the maximum allows it, when the host is out of memory. That must
   * not become a −1 which the program sees on one machine and not on another.
   */
  grow(out: ByteWriter, maximumPages: number): void {
    this.chargeByLength(out, Math.log2(FUEL_PER_PAGE));
    out.byte(0x40, 0x00); // memory.grow, with the pages still in scratch a
    out.byte(0x22); // local.tee
    out.u32(this.#local.b);
    out.byte(0x41, 0x7f, 0x46, 0x04, 0x40); // i32.const -1, i32.eq, if
    out.byte(0x3f, 0x00, 0xad); // memory.size, i64.extend_i32_u
    localGet(out, this.#local.a);
    out.byte(0xad, 0x7c, 0x42); // i64.extend_i32_u, i64.add, i64.const
    out.signed(maximumPages);
    out.byte(0x58, 0x04, 0x40); // i64.le_u, if
    this.trap(out, TRAP_REASON.hostMemory);
    out.byte(0x0b, 0x0b);
    localGet(out, this.#local.b);
  }

  /** Replaces any NaN on top of the stack by the canonical one. */
  canonicaliseNan(out: ByteWriter, type: typeof F32 | typeof F64): void {
    const local = type === F32 ? this.#local.f32 : this.#local.f64;
    out.byte(0x22); // local.tee
    out.u32(local);
    out.byte(...CANONICAL_NAN[type]);
    localGet(out, local);
    localGet(out, local);
    out.byte(EQUALS[type], 0x1b); // x = x, select
  }

  /** Takes `weight` from the stack budget; the function gives it back when it returns. */
  enterFrame(out: ByteWriter, weight: number): void {
    this.#moveStack(out, weight, 0x6b); // i32.sub
    globalGet(out, this.#globals.stack);
    out.byte(0x41, 0x00, 0x48, 0x04, 0x40); // i32.const 0, i32.lt_s, if
    this.#giveReason(out, TRAP_REASON.stackOverflow); // the fuel is in the global still
    out.byte(0x00, 0x0b);
  }

  leaveFrame(out: ByteWriter, weight: number): void {
    this.#moveStack(out, weight, 0x6a); // i32.add
  }

  trap(out: ByteWriter, reason: number): void {
    this.flush(out);
    this.#giveReason(out, reason);
    out.byte(0x00); // unreachable
  }

  #trapWhenSpent(out: ByteWriter): void {
    localGet(out, this.#local.fuel);
    out.byte(0x42, 0x00, 0x53, 0x04, 0x40); // i64.const 0, i64.lt_s, if
    this.trap(out, TRAP_REASON.outOfFuel);
    out.byte(0x0b);
  }

  #moveStack(out: ByteWriter, weight: number, operation: number): void {
    globalGet(out, this.#globals.stack);
    out.byte(0x41); // i32.const
    out.signed(weight);
    out.byte(operation);
    globalSet(out, this.#globals.stack);
  }

  #giveReason(out: ByteWriter, reason: number): void {
    out.byte(0x41, reason); // i32.const
    globalSet(out, this.#globals.reason);
  }
}

function localGet(out: ByteWriter, local: number): void {
  out.byte(0x20);
  out.u32(local);
}

function localSet(out: ByteWriter, local: number): void {
  out.byte(0x21);
  out.u32(local);
}

function globalGet(out: ByteWriter, global: number): void {
  out.byte(0x23);
  out.u32(global);
}

function globalSet(out: ByteWriter, global: number): void {
  out.byte(0x24);
  out.u32(global);
}
