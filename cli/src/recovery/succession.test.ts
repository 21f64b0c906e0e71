import { type Digest, type Signature, systemClock, systemRandom } from "@meshwork/foundation";
import { recoveryKeyOf, type TestMember, TestNetwork } from "@meshwork/ledger/testing";
import { isWantedByFounders, type SuccessorGenesis } from "@meshwork/protocol";
import { expect, test } from "vitest";
import { merged, prepareSuccessor, signaturesNeeded, withSignature } from "./succession.ts";

const network = new TestNetwork({ members: 6 });
network.step({ view: 1 });
const { genesis: founders, state, members } = network;
const prepared = prepareSuccessor(
  { clock: systemClock, random: systemRandom },
  { state },
  state.committee.seats,
);
const signedBy = (member: TestMember, successor: SuccessorGenesis = prepared) =>
  withSignature(successor, { founders, recoveryKey: recoveryKeyOf(member, 0) });

test("what is prepared is the state that is there, in the epoch that follows", () => {
  expect(prepared).toMatchObject({
    body: { parentChainId: network.chainId, height: 1, stateRoot: state.root() },
    signatures: [],
  });
  expect(prepared.body.committee.epoch).toBe(state.epoch.number + 1);
});

test("signatures that were given apart count together, and one key once", () => {
  expect(signaturesNeeded(founders)).toBe(5);
  const apart = members.slice(0, 5).map((member) => signedBy(member));
  expect(isWantedByFounders(founders, merged(apart))).toBe(true);
  expect(isWantedByFounders(founders, merged([...apart.slice(0, 4), ...apart]))).toBe(true);
  expect(isWantedByFounders(founders, merged(apart.slice(1)))).toBe(false);
  const twice = apart.slice(1).map((one, i) => signedBy(members[i + 1] as TestMember, one));
  expect(isWantedByFounders(founders, merged([...apart.slice(1), ...twice]))).toBe(false);
  // One file after the other is the same.
  const passedOn = members.slice(0, 5).reduce((file, member) => signedBy(member, file), prepared);
  expect(passedOn.signatures).toHaveLength(5);
  expect(isWantedByFounders(founders, passedOn)).toBe(true);
});

test("a signature that was damaged on its way takes away none of the good ones", () => {
  const apart = members.slice(0, 5).map((member) => signedBy(member));
  const damaged = apart.map(({ body, signatures }) => ({
    body,
    signatures: signatures.map((one) => ({ ...one, signature: "00".repeat(64) as Signature })),
  }));
  expect(isWantedByFounders(founders, merged([...apart, ...damaged]))).toBe(true);
  expect(isWantedByFounders(founders, merged(damaged))).toBe(false);
});

test("a key that the genesis does not name signs nothing, and files about different things are not put together", () => {
  const recoveryKey = recoveryKeyOf(members[0] as TestMember, 1);
  expect(() => withSignature(prepared, { founders, recoveryKey })).toThrow(
    expect.objectContaining({ code: "RECOVERY_KEY_UNKNOWN" }),
  );
  const nonce = "0e".repeat(32) as Digest;
  const other = { ...prepared, body: { ...prepared.body, nonce } };
  expect(() => merged([prepared, other])).toThrow(
    expect.objectContaining({ code: "RECOVERY_FILES_DIFFER" }),
  );
});
