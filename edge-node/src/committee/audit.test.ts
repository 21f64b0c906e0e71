import { generateKeyPair } from "@meshwork/crypto";
import type { Digest, NodeId, OrderId } from "@meshwork/foundation";
import type { TaskRecord } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import type { RunningTask } from "../runtime/run-task.ts";
import { createTaskSecrets } from "../task-secrets.ts";
import { auditClaims } from "./audit.ts";
import { claimOf, replayerOf } from "./testing/claims.ts";
import { honestProgram, lyingProgram } from "./testing/honest-program.ts";
import type { Verification } from "./verify-task.ts";

const truth = honestProgram(40);
const forgedAt = (index: number) =>
  lyingProgram(truth, (segment, outcome) =>
    segment.index === index && outcome.kind === "done"
      ? { ...outcome, postState: new Uint8Array([7]) }
      : outcome,
  );

const parts = { keyPair: generateKeyPair(), secrets: createTaskSecrets(new Uint8Array(32)) };

function verificationOf(mode: "none" | "segments" | "full", workers: number): Verification {
  const orderId = "ab".repeat(32) as OrderId;
  const place = { state: "committed" };
  const task = {
    audit: { mode },
    workers: Array.from({ length: workers }, () => place),
    order: { policy: { segmentsPerVerifier: 4 } },
  };
  return {
    task: task as unknown as TaskRecord,
    assignment: { orderId, attempt: 0, role: "verifier" },
    replayer: replayerOf(truth),
    signal: new AbortController().signal,
  };
}

async function auditOf(
  mode: "none" | "segments" | "full",
  program: RunningTask,
  workers = ["a", "b"],
) {
  const agreed = await Promise.all(workers.map((name) => claimOf(name, program)));
  return auditClaims(parts, verificationOf(mode, 2), { agreed, guilty: new Map() });
}

describe("an audit", () => {
  test("finds nothing against the honest, and shows a sample for each step that its seed picked", async () => {
    for (const mode of ["segments", "full"] as const) {
      const { guilty, samples } = await auditOf(mode, truth);
      expect(guilty.size).toBe(0);
      expect(samples).toHaveLength(4);
      expect(new Set(samples).size).toBe(4);
    }
  });

  test("in full convicts all who agreed on one wrong step, whichever it is", async () => {
    for (const index of [0, 17, 39]) {
      const { guilty } = await auditOf("full", forgedAt(index));
      expect([...guilty.keys()]).toEqual(["a", "b"]);
      expect(guilty.get("a" as NodeId)?.index).toBe(index);
    }
  });

  test("by samples finds a wrong step exactly when the seed picks it", async () => {
    let found = 0;
    for (let index = 0; index < 40; index++)
      found += (await auditOf("segments", forgedAt(index))).guilty.size > 0 ? 1 : 0;
    expect(found).toBe(4);
  });

  test("by samples always finds a run that stops too early, goes on too long, or invents a fault", async () => {
    const invented = lyingProgram(truth, (segment, outcome) =>
      segment.index === 9 ? { kind: "fault", code: "TRAP", message: "", fuel: 1n } : outcome,
    );
    for (const program of [
      honestProgram(12),
      lyingProgram(truth, (_, outcome) => outcome, 44),
      invented,
    ]) {
      expect((await auditOf("segments", program)).guilty.size).toBe(2);
    }
  });

  test("looks at nothing when the beacon drew none, but runs a lonely result whole even then", async () => {
    expect(await auditOf("none", forgedAt(3))).toEqual({ guilty: new Map(), samples: [] });
    const { guilty } = await auditOf("none", forgedAt(3), ["a"]);
    expect(guilty.get("a" as NodeId)?.index).toBe(3);
  });

  test("shows samples that are the verifier's own", async () => {
    const other = { keyPair: generateKeyPair(), secrets: parts.secrets };
    const agreed = [await claimOf("a", truth), await claimOf("b", truth)];
    const mine = await auditClaims(parts, verificationOf("segments", 2), {
      agreed,
      guilty: new Map(),
    });
    const theirs = await auditClaims(other, verificationOf("segments", 2), {
      agreed,
      guilty: new Map(),
    });
    expect(mine.samples.some((sample: Digest) => theirs.samples.includes(sample))).toBe(false);
  });
});
