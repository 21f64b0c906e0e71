import type { Fuel } from "@meshwork/foundation";
import type { Contract } from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";

/** What the orders of these tests compute. */
export const contractFor = (program: Uint8Array): Contract => ({
  runtime: "wasm-step-v1",
  program: { contentId: contentIdOf(program), sizeBytes: program.length },
  inputs: [],
  limits: {
    fuel: 1_000_000_000n as Fuel,
    memoryPages: 16,
    stackDepth: 1_024,
    steps: 100,
    stateBytes: 65_536,
    outputBytes: 65_536,
  },
  comparator: { kind: "exact" },
  outside: null,
  rubric: null,
});
