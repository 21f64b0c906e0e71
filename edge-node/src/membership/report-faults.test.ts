import type { Evidence } from "@meshwork/consensus";
import { CodedError, systemClock } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import type { TransactionBody } from "@meshwork/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { reportFaults } from "./report-faults.ts";

const network = new TestNetwork();
const evidenceOf = (seat: number, epoch = 0): Evidence => {
  const about = { kind: "N" as const, epoch, height: 1, view: 0 };
  const vote = (blockHash: string) =>
    ({ ballot: { ...about, blockHash }, seat, signature: "" }) as unknown as Evidence["first"];
  return { seat, first: vote("a"), second: vote("b") };
};

let handedIn: TransactionBody[];
let answers: (Error | null)[];
let stopping: AbortController;
let onEvidence: (evidence: Evidence) => void;
beforeEach(() => {
  [handedIn, answers, stopping] = [[], [], new AbortController()];
  const parts = {
    chain: { head: { state: network.state } as never },
    ledger: {
      async transact(body: TransactionBody) {
        handedIn.push(body);
        const answer = answers.shift();
        if (answer) throw answer;
      },
    },
    // No waiting between two attempts.
    clock: {
      ...systemClock,
      setTimer: (_: number, call: () => void) => systemClock.setTimer(0, call),
    },
    log: silentLog,
  };
  onEvidence = reportFaults(parts, stopping.signal);
});
afterEach(() => stopping.abort());
const isHandedIn = (times: number) => expect.poll(() => handedIn.length).toBe(times);
/** Whatever was under way has ended: nothing in these parts takes longer than a few turns. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 1));
}

test("a seat's fault is handed in once, however often it is seen; another's and another epoch's too", async () => {
  for (let i = 0; i < 5; i++) for (const seat of [1, 2]) onEvidence(evidenceOf(seat));
  onEvidence(evidenceOf(1, 1));
  await isHandedIn(3);
  await turns();
  expect(handedIn).toHaveLength(3);
  expect(handedIn[0]).toEqual({
    kind: "fault",
    first: evidenceOf(1).first,
    second: evidenceOf(1).second,
  });
});

test("it is handed in until the ledger has answered", async () => {
  answers = [new CodedError("EXPIRED", "late"), new CodedError("MEMPOOL_FULL", "full"), null];
  onEvidence(evidenceOf(1));
  await isHandedIn(3);
});

test("a refusal for good ends it: another member was first", async () => {
  answers = [new CodedError("CONVICTED_ALREADY", "known")];
  onEvidence(evidenceOf(1));
  await turns();
  expect(handedIn).toHaveLength(1);
});
