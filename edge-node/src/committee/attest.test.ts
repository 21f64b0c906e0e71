import { type Digest, type NodeId, systemClock } from "@meshwork/foundation";
import { Actors, seededDigest, TestNetwork } from "@meshwork/ledger/testing";
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
  const stopping = new AbortController();
  const brought: TransactionBody[] = [];
  const received = letters.map(({ from, attestation }) => ({
    from,
    message: { kind: "attest", verdict, attestation },
  }));
  const mail = {
    send: async () => {},
    received: () => received,
    until: async (_: unknown, probe: () => unknown) =>
      probe() ?? Promise.reject(new Error("no quorum")),
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
      clock: systemClock,
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
    { verdict, samples: mine.samples },
  );
  return brought[0];
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
