/**
 * Bounds of a module, part of what `wasm-step-v1` means: change one and a program that ran is
 * refused. Each lies far below V8's own bound, which differs from version to version, and so far
 * above what compilers emit that the first to meet it is an attack on the compiler.
 */
export const moduleLimits = {
  /** The same as `limits.programBytes`; the sandbox must not depend on who called it. */
  moduleBytes: 8 << 20,
  types: 10_000,
  imports: 64,
  functions: 20_000,
  /** One function is compiled in one go, on one core. */
  bodyBytes: 512 << 10,
  parameters: 255,
  results: 32,
  locals: 2_000,
  globals: 4_096,
  exports: 1_000,
  tables: 4,
  tableElements: 65_536,
  segments: 10_000,
  branchTargets: 32_768,
  nesting: 1_000,
} as const;

/**
 * A page of memory, when an instance begins with it and when it grows by it; a power of two. The first
 * touch of all of it takes the kernel some 50 µs, as long as half a million units of plain code.
 */
export const FUEL_PER_PAGE = 131_072;
