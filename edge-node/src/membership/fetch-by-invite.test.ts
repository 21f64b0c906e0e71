import { generateKeyPair, secretOf } from "@meshwork/crypto";
import { systemClock, systemRandom, toHex } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import {
  chainIdOf,
  genesis as genesisWire,
  type Invite,
  requestNames,
  signVoucher,
} from "@meshwork/protocol";
import { expect, test } from "vitest";
import { createTestP2p } from "../testing/p2p-node.ts";
import { fetchByInvite } from "./fetch-by-invite.ts";

const { genesis, requester } = new TestNetwork({ members: 4 });
const chainId = chainIdOf(genesis);

test("a newcomer takes no other genesis than the one that his invite names", async () => {
  const answers = [{ ...genesis, name: "trap" }, genesis].map(genesisWire.encode);
  let asked = 0;
  const relay = await startRelay(() => answers[asked++] ?? new Uint8Array(0));
  const voucherKey = generateKeyPair();
  const body = {
    chainId,
    issuer: requester.nodeId,
    voucherKey: voucherKey.publicKey,
    grant: 1n as never,
    uses: 1,
    notAfter: systemClock.now() + 60_000,
  };
  const invite: Invite = {
    chainId,
    relays: relay.addresses(),
    voucher: signVoucher(requester.keyPair, body),
    voucherSecret: toHex(secretOf(voucherKey)),
    checkpoint: null,
  };
  const newcomer = () => secretOf(generateKeyPair());
  const secrets = { identitySecret: newcomer(), recoverySecret: newcomer(), keyVersion: 0 };
  try {
    const parts = { clock: systemClock, random: systemRandom, log: silentLog };
    expect(await fetchByInvite(parts, invite, secrets)).toEqual(genesis);
    expect(asked).toBe(2);
  } finally {
    await relay.stop();
  }
});

async function startRelay(answer: () => Uint8Array) {
  const relay = await createTestP2p(chainId, { dht: "server", relay: {} });
  relay.messaging.handle(requestNames.genesis, { onRequest: answer });
  await relay.start();
  return relay;
}
