import { CodedError } from "@meshwork/foundation/errors";

export type ModuleErrorCode =
  /** Not a valid core WebAssembly 1.0 binary. */
  | "MODULE_MALFORMED"
  | "MODULE_TOO_LARGE"
  /** One of the bounds in `module-limits.ts`. */
  | "MODULE_LIMIT"
  | "IMPORT_DENIED"
  /** An instruction that is not in the allow-list, such as SIMD or atomics. */
  | "OPCODE_DENIED"
  /** A type, section or flag of a proposal that is not allowed, such as shared memory. */
  | "FEATURE_DENIED"
  /** The module asks for more memory than the contract grants. */
  | "MEMORY_LIMIT"
  /** A function or memory that the runtime calls is missing or has another type. */
  | "ABI_MISMATCH";

/**
 * Why a module may not run. The message goes into the task's outcome, so it speaks of nothing that
 * differs from machine to machine, and never quotes V8.
 */
export class ModuleError extends CodedError<ModuleErrorCode> {}
