import { type Clock, type Digest, type NodeId, systemClock } from "@meshwork/foundation";
import { Actors, seededDigest, TestNetwork, testRun } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import {
  type Attestation,
  type ProofOfTask,
  seatedVerifiers,
  signAttestation,
  type TaskPlace,
  type TransactionBody,
} from "@meshwork/protocol";
import { expect, test } from "vitest";
import type { TaskMail } from "../ports.ts";
import { attestVerdict } from "./attest.ts";
import type { Verification } from "./verify-task.ts";

const network = new TestNetwork({ members: 8 });
const actors = new Actors(network);
const task = actors.until(actors.order(), ({ phase }) => phase === "audit");
const { verdict, attestations } = actors.proofOf(task) as ProofOfTask;
const [mine, ...others] = attestations as [Attestation, ...Attestation[]];
const last = seatedVerifiers(task).at(-1) as TaskPlace;

interface Letter {
  from: NodeId;
  attestation: Attestation;
}
const fromSigner = (attestation: Attestation): Letter => ({
  from: attestation.verifier,
  attestation,
});

/** What the first verifier brings to the ledger when these letters have come. */
async function handedIn(letters: readonly Letter[]): Promise<TransactionBody | undefined> {
  const brought: TransactionBody[] = [];
  await sign(letters, { brought, clock: systemClock });
  return brought[0];
}

/** @param brought what the verifier hands in, in order. */
async function sign(
  letters: readonly Letter[],
  { brought, clock }: { brought: TransactionBody[]; clock: Clock },
): Promise<void> {
  const stopping = new AbortController();
  const received = letters.map(({ from, attestation }) => ({
    from,
    message: { kind: "attest", verdict, attestation },
  }));
  const mail = {
    send: async () => {},
    received: () => received,
    until: async (_: unknown, probe: () => unknown, signal: AbortSignal) => {
      // Time runs: what waits with a limit has waited it out.
      await Promise.resolve();
      signal.throwIfAborted();
      return probe() ?? Promise.reject(new Error("no quorum"));
    },
  } as unknown as TaskMail;
  const never = (signal: AbortSignal) =>
    new Promise<never>((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason)),
    );
  const { keyPair } = network.memberOf(mine.verifier);
  await attestVerdict(
    {
      me: mine.verifier,
      keyPair,
      mail,
      clock,
      log: silentLog,
      secrets: () => mine.seed,
      ledger: {
        chainId: network.chainId,
        task: () => task,
        until: (_, __, signal) => never(signal),
        transact: async (body) => void brought.push(body),
      },
    },
    {
      task,
      assignment: { orderId: task.orderId, attempt: 0, role: "verifier" },
      signal: stopping.signal,
    } as Verification,
    { verdict, samples: mine.samples, leaves: testRun(null).leaves },
  );
}

const isTaken = (body: TransactionBody | undefined): boolean =>
  body?.kind === "prove" && network.refused(network.requester, body) === undefined;

test("letters forged in the signers' names do not stand in the way of their own", async () => {
  const stranger = network.requester.nodeId;
  const forged = others.map((attestation) => ({
    from: stranger,
    attestation: { ...attestation, signature: mine.signature },
  }));
  expect(isTaken(await handedIn([...forged, ...others.map(fromSigner)]))).toBe(true);
});

test("a verifier whose word the ledger would refuse spoils nobody's proof", async () => {
  const { keyPair } = network.memberOf(last.node);
  const signs = (seed: Digest, samples: Digest[]) =>
    fromSigner(signAttestation({ verifier: last.node, keyPair }, verdict, { seed, samples }));
  for (const spoiler of [
    signs(seededDigest("not what it committed to"), mine.samples),
    signs(mine.seed, []),
  ])
    expect(isTaken(await handedIn([spoiler, ...others.map(fromSigner)]))).toBe(true);
});

test("too few who agree bring nothing", async () => {
  await expect(handedIn(others.slice(1).map(fromSigner))).rejects.toThrow("no quorum");
});

test("who waits for the others in vain lays his own word on the ledger, which takes it", async () => {
  const brought: TransactionBody[] = [];
  const impatient: Clock = {
    ...systemClock,
    setTimer(_, fire) {
      fire();
      return () => {};
    },
  };
  const silent = others.slice(1).map(fromSigner);
  await expect(sign(silent, { brought, clock: impatient })).rejects.toThrow("no quorum");
  const [word] = brought;
  expect(word?.kind).toBe("attest");
  const sender = network.memberOf(mine.verifier);
  expect(word && network.refused(sender, word)).toBeUndefined();
});

test("who makes his samples up is left out of the proof, and brought before the ledger", async () => {
  const { keyPair } = network.memberOf(last.node);
  const honest = actors.attestationOf(task, verdict, last);
  const samples = honest.samples.map((_, i) => seededDigest(`made up ${i}`));
  const lazy = signAttestation({ verifier: last.node, keyPair }, verdict, { ...honest, samples });
  const brought: TransactionBody[] = [];
  await sign([fromSigner(lazy), ...others.map(fromSigner)], { brought, clock: systemClock });
  const [evidence, proof] = brought;
  expect(evidence).toMatchObject({ kind: "recheck", attestation: { verifier: last.node } });
  expect(evidence && network.refused(network.requester, evidence)).toBeUndefined();
  expect(isTaken(proof)).toBe(true);
  const signers = proof?.kind === "prove" ? proof.proof.attestations : [];
  expect(signers.map(({ verifier }) => verifier)).not.toContain(last.node);
});
