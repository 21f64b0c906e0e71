import { keyPairFromSecret, sealBytes } from "@meshwork/crypto";
import {
  type ContentId,
  type Digest,
  fromHex,
  type NodeId,
  systemClock,
  utf8,
} from "@meshwork/foundation";
import { silentLog } from "@meshwork/observability";
import {
  type Comparator,
  type Contract,
  type Dispatch,
  type Exchange,
  plainWork,
  type TaskRecord,
  type Transcript,
  type Work,
} from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import { describe, expect, test } from "vitest";
import { loadJsEngine } from "../runtime/js-engine.ts";
import { compile } from "../runtime/metered-instance.ts";
import { openTask } from "../runtime/open-task.ts";
import { type RunningTask, runTask } from "../runtime/run-task.ts";
import { Asking, type HostTask, type Segment, type Task } from "../runtime/runtime.ts";
import { assemble, ordinaryLimits } from "../runtime/testing/tasks.ts";
import { createTaskSecrets } from "../task-secrets.ts";
import { nothingOutside } from "../testing/nothing-outside.ts";
import { replayWorld } from "../worker/outside/replay-world.ts";
import { checkByNature } from "./check-by-nature.ts";
import type { Claim } from "./read-claims.ts";
import { claimOf } from "./testing/claims.ts";
import type { Verification, VerifierParts } from "./verify-task.ts";

const engine = compile(loadJsEngine());
const dataKey = "0d".repeat(32) as Digest;
const objects = new Map<ContentId, Uint8Array>();

/** Runs a task as the sandbox does, in this very process. */
function running(task: HostTask): RunningTask & { close(): Promise<void> } {
  const session = openTask(task as Task, engine);
  const runSegment = async (segment: Segment) => {
    for (const answers = [...(segment.answers ?? [])]; ; ) {
      try {
        return session.runSegment({ ...segment, answers });
      } catch (error) {
        if (!(error instanceof Asking) || task.world === undefined) throw error;
        const said = await task.world.answer(error.requests);
        answers.push(...error.requests.map((request, i) => ({ request, answer: `${said[i]}` })));
      }
    }
  };
  return { steps: session.steps, runSegment, close: async () => {} };
}

function sealed(content: string | Uint8Array) {
  const bytes = typeof content === "string" ? utf8(content) : content;
  const box = sealBytes(fromHex(dataKey), bytes);
  objects.set(contentIdOf(box), box);
  const ref = { contentId: contentIdOf(bytes), sizeBytes: bytes.length };
  return { ref, place: { plain: ref.contentId, sealed: contentIdOf(box) } };
}

const exact: Comparator = { kind: "exact" };
const near: Comparator = { kind: "numeric", encoding: "json", absolute: "1", relative: "0" };
const limits = { ...ordinaryLimits, steps: 1 };

/** A comparator of somebody's own: outputs are alike that have the same length. */
const sameLength = assemble(`(module
  (import "task" "input_size" (func $size (param i32) (result i32)))
  (import "task" "output_write" (func $write (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "01")
  (func (export "steps") (result i32) (i32.const 1))
  (func (export "step") (param i32)
    (call $write
      (i32.eq (call $size (i32.const 0)) (call $size (i32.const 1)))
      (i32.const 1))))`);
const outside = { origins: ["https://a.example"], model: false };

/** All that the verifier has run in a sandbox of its own. */
const opened: HostTask[] = [];
const parts = {
  me: "verifier" as NodeId,
  clock: systemClock,
  keyPair: keyPairFromSecret(fromHex("07".repeat(32) as Digest)),
  secrets: createTaskSecrets(utf8("verifier")),
  log: silentLog,
  outside: nothingOutside,
  blobs: { fetch: async (id: ContentId) => objects.get(id) ?? Promise.reject(new Error(id)) },
  openSandbox: async (task: HostTask) => {
    opened.push(task);
    return running(task);
  },
} as unknown as VerifierParts;

interface Case {
  work: Partial<Work>;
  comparator?: Comparator;
  /** What the contract names. */
  program?: string;
  rubric?: string;
  audit?: "none" | "full";
}

/** What a verifier finds of these claims: who is honest, guilty, unlike, or has shown nothing. */
async function verdicts(about: Case, claims: readonly Claim[]): Promise<Record<string, string>> {
  const { comparator = exact, program = "function main() {}", audit = "none" } = about;
  const code = sealed(program);
  const rubric = about.rubric === undefined ? null : sealed(about.rubric);
  const work = { ...plainWork, ...about.work };
  const contract: Contract = {
    ...{ runtime: "js-qjs-v1", program: code.ref, inputs: [], limits, comparator },
    outside: work.nature === "deterministic" ? null : outside,
    rubric: rubric?.ref ?? null,
  };
  const module = sealed(sameLength);
  const places = [code.place, module.place, ...(rubric ? [rubric.place] : [])];
  const dispatch = { contract, dataKey, sealed: places } as unknown as Dispatch;
  const policy = { segmentsPerVerifier: 1, replicas: claims.length };
  const task = {
    ...{ order: { work, policy, deadlines: { deliverMs: 60_000 } }, audit: { mode: audit } },
    ...{ workers: [], verifiers: [], panels: [], conclusion: null },
  } as unknown as TaskRecord;
  const whole = () => runTask(running({ program: programOf(program), inputs: [], limits }));
  const verification = {
    task,
    assignment: { orderId: "0a".repeat(32), attempt: 0 },
    replayer: { replayAll: whole },
    signal: new AbortController().signal,
  } as unknown as Verification;
  const { findings, samples } = await checkByNature(parts, verification, { claims, dispatch });
  expect(samples).toHaveLength(audit === "full" && findings.guilty.size < claims.length ? 1 : 0);
  return Object.fromEntries(
    claims.map(({ worker }) => {
      if (!findings.claims.has(worker)) return [worker, "not shown"];
      if (findings.guilty.has(worker)) return [worker, "guilty"];
      return [worker, findings.unlike.has(worker) ? "unlike" : "honest"];
    }),
  );
}

const programOf = (text: string) => ({ runtime: "js-qjs-v1" as const, bytes: utf8(text) });

/** What a worker shows who ran this, on what the world told him. */
async function claim(name: string, program: string, told: Exchange[] = []): Promise<Claim> {
  const transcript: Transcript = { exchanges: told };
  const task = { program: programOf(program), inputs: [], limits, mayAsk: true };
  const shown = await claimOf(name, running({ ...task, world: replayWorld(transcript) }));
  return { ...shown, transcript };
}

/** For work that asks nothing: `world` is not there, so neither is what it costs. */
const plainClaim = (name: string, program: string): Promise<Claim> =>
  claimOf(name, running({ program: programOf(program), inputs: [], limits }));

const saying = (name: string, value: unknown) =>
  claim(name, `function main() { return ${JSON.stringify(value)} }`);

describe("runs of work that is not deterministic", () => {
  const similar: Case = { work: { nature: "quorum-similarity" }, comparator: near };

  test("are agreed on when more than half are like the first such one", async () => {
    const [a, b, c] = [await saying("a", 1), await saying("b", 2), await saying("c", 9)];
    expect(await verdicts(similar, [a, b, c])).toEqual({ a: "honest", b: "honest", c: "unlike" });
    expect(await verdicts(similar, [c, a, b])).toEqual({ c: "unlike", a: "honest", b: "honest" });
    expect(await verdicts(similar, [a, c])).toEqual({ a: "unlike", c: "unlike" });
    // Near is not transitive: 1 is near 2, 2 near 3, and the first in draw order decides.
    const three = await saying("d", 3);
    expect(await verdicts(similar, [a, b, three])).toEqual({
      a: "honest",
      b: "honest",
      d: "unlike",
    });
  });

  test("are compared by a program of the requester's, where he gives one", async () => {
    const { ref: module } = sealed(sameLength);
    const own: Case = { ...similar, comparator: { kind: "wasm", module } };
    const claims = [await saying("a", "one"), await saying("b", "two"), await saying("c", "three")];
    expect(await verdicts(own, claims)).toEqual({ a: "honest", b: "honest", c: "unlike" });
  });

  test("are compared by the requester's program on the fuel of one run, however many they are", async () => {
    opened.length = 0;
    const module = { contentId: contentIdOf(sameLength), sizeBytes: sameLength.length };
    const own: Case = { ...similar, comparator: { kind: "wasm", module } };
    const claims = [await saying("a", 1), await saying("b", 22), await saying("c", 333)];
    expect(await verdicts(own, claims)).toEqual({ a: "unlike", b: "unlike", c: "unlike" });
    const granted = opened.map((task) => task.limits.fuel);
    expect(granted.length).toBeGreaterThanOrEqual(6);
    expect(granted.reduce((sum, fuel) => sum + fuel, 0n)).toBeLessThanOrEqual(limits.fuel);
  });

  test("are similar to nothing when there is one", async () => {
    expect(await verdicts(similar, [await saying("a", 1)])).toEqual({ a: "unlike" });
  });

  test("that are judged pass or not, as the rubric says of each", async () => {
    const rubric = "function main([output]) { return { pass: output.json() > 5, score: 1 } }";
    const judged: Case = { work: { nature: "judged" }, rubric };
    const claims = [await saying("a", 1), await saying("b", 9)];
    expect(await verdicts(judged, claims)).toEqual({ a: "unlike", b: "honest" });
    for (const broken of ["function main() { throw 1 }", "function main() { return 'pass' }"])
      expect(await verdicts({ ...judged, rubric: broken }, claims)).toEqual({
        ...{ a: "unlike", b: "unlike" },
      });
  });

  test("that are attested stand as they are; but a fault, which nobody has checked, is no result", async () => {
    const attested: Case = { work: { nature: "attested" } };
    const broken = await claim("b", "function main() { throw 1 }");
    expect(await verdicts(attested, [await saying("a", 1), broken])).toEqual({
      ...{ a: "honest", b: "unlike" },
    });
  });
});

describe("runs on a transcript", () => {
  const program = "async function main() { return (await world.fetch('x')).body }";
  const recorded: Case = { work: { nature: "record-replay" }, program };
  const told = (body: string): Exchange[] => [
    {
      request: JSON.stringify({ kind: "fetch", url: "x" }),
      answer: JSON.stringify({ value: { status: 200, body } }),
    },
  ];

  test("are run again on it, and are honest when they come out", async () => {
    const one = await claim("a", program, told("hello"));
    expect(await verdicts(recorded, [one])).toEqual({ a: "honest" });
  });

  test("convict who claims another output than program and transcript give", async () => {
    const lie = await claim("a", "async function main() { return 'lie' }");
    const forged = { ...lie, transcript: { exchanges: told("hello") } };
    expect(await verdicts(recorded, [forged])).toEqual({ a: "guilty" });
  });

  test("count as not shown when the transcript answers less than was asked, more, or something else", async () => {
    const one = await claim("a", program, told("hello"));
    const other = [{ request: "{}", answer: "{}" }];
    for (const exchanges of [[], other, [...told("hello"), ...other]])
      expect(await verdicts(recorded, [{ ...one, transcript: { exchanges } }])).toEqual({
        a: "not shown",
      });
  });

  test("blame nobody when the world said different things", async () => {
    const [a, b] = [await claim("a", program, told("one")), await claim("b", program, told("two"))];
    expect(await verdicts(recorded, [a, b])).toEqual({ a: "unlike", b: "unlike" });
    const third = await claim("c", program, told("two"));
    expect(await verdicts(recorded, [a, b, third])).toEqual({
      ...{ a: "unlike", b: "honest", c: "honest" },
    });
  });
});

describe("deterministic work whose outputs need only be alike", () => {
  const program = "function main() { return [1, 2] }";
  const tolerant: Case = { work: { comparison: "tolerant" }, comparator: near, program };

  test("is held against a run of one's own, whatever the steps between look like", async () => {
    const [truth, about, wrong] = [
      await plainClaim("a", program),
      await plainClaim("b", "function main() { return [1.5, 2] }"),
      await plainClaim("c", "function main() { return [7, 2] }"),
    ];
    const reveal = { ...about.reveal, fuel: truth.reveal.fuel };
    for (const audit of ["none", "full"] as const)
      expect(await verdicts({ ...tolerant, audit }, [truth, { ...about, reveal }, wrong])).toEqual({
        ...{ a: "honest", b: "honest", c: "guilty" },
      });
  });

  test("is not run again when all agree to the last bit and no audit was drawn", async () => {
    const lie = "function main() { return [8, 8] }";
    const claims = [await plainClaim("a", lie), await plainClaim("b", lie)];
    expect(await verdicts(tolerant, claims)).toEqual({ a: "honest", b: "honest" });
    expect(await verdicts({ ...tolerant, audit: "full" }, claims)).toEqual({
      ...{ a: "guilty", b: "guilty" },
    });
  });

  test("convicts who charges for more fuel than the run burns", async () => {
    const dear = "function main() { for (let i = 0; i < 1000; i++); return [1, 2] }";
    expect(await verdicts({ ...tolerant, audit: "full" }, [await plainClaim("a", dear)])).toEqual({
      a: "guilty",
    });
  });
});
