import { type ContentId, utf8 } from "@meshwork/foundation";
import type {
  Comparator,
  ContentRef,
  Outside,
  Service,
  Work,
  WorkNature,
} from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";

/**
 * What kind of work a task is, and how its results are held against each other. docs/not-deterministic.md
 * says what each is worth.
 */
export interface TaskWork {
  /** @default "deterministic" */
  nature?: WorkNature;
  /** With its program, where it is one. @default the same bytes */
  comparator?: Exclude<Comparator, { kind: "wasm" }> | { kind: "wasm"; module: Uint8Array };
  /** Origins such as `https://api.example.org` that the program may fetch from. @default none */
  fetch?: readonly string[];
  /** Whether the program, or the rubric, may ask the node's language model. @default false */
  model?: boolean;
  /** For work that is judged: JavaScript that gets the output, then the inputs, and returns `{ pass }`. */
  rubric?: string | Uint8Array;
}

/** The same, as contract and order say it, and what they name by address. */
export interface WorkTerms {
  work: Work;
  comparator: Comparator;
  outside: Outside | null;
  rubric: ContentRef | null;
  objects: ReadonlyMap<ContentId, Uint8Array>;
}

export function workTerms(definition: TaskWork = {}): WorkTerms {
  const { nature = "deterministic", fetch = [], model = false } = definition;
  const objects = new Map<ContentId, Uint8Array>();
  const name = (bytes: Uint8Array): ContentRef => {
    const contentId = contentIdOf(bytes);
    objects.set(contentId, bytes);
    return { contentId, sizeBytes: bytes.length };
  };
  const { comparator: given = { kind: "exact" } as const, rubric: judge } = definition;
  const comparator: Comparator =
    given.kind === "wasm" ? { kind: "wasm", module: name(given.module) } : given;
  const rubric = judge === undefined ? null : name(typeof judge === "string" ? utf8(judge) : judge);
  const needs: Service[] = [
    ...(fetch.length > 0 ? (["fetch"] as const) : []),
    ...(model ? (["model"] as const) : []),
  ];
  return {
    work: { nature, comparison: comparator.kind === "exact" ? "exact" : "tolerant", needs },
    comparator,
    outside: needs.length === 0 ? null : { origins: [...fetch], model },
    rubric,
    objects,
  };
}

/** How many runs make sense: where each hears something else from the world, one is as good as two. */
export const replicasFor = (nature: WorkNature = "deterministic"): number =>
  nature === "deterministic" || nature === "quorum-similarity" ? 2 : 1;
