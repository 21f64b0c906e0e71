import { generateKeyPair, secretOf } from "@meshwork/crypto";
import { type Key25519, systemClock, systemRandom, toHex } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import { createMetrics, silentLog } from "@meshwork/observability";
import { createIdentity, createP2p } from "@meshwork/p2p";
import {
  chainIdOf,
  genesis as genesisWire,
  type Invite,
  requestNames,
  signVoucher,
} from "@meshwork/protocol";
import { expect, test } from "vitest";
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
  const identity = createIdentity(
    { clock: systemClock },
    {
      chainId,
      keyPair: generateKeyPair(),
      roles: ["relay"],
      region: "test",
      sealKey: "22".repeat(32) as Key25519,
      software: "test",
    },
  );
  const metrics = createMetrics({ processMetrics: false });
  const relay = await createP2p(
    { identity, clock: systemClock, random: systemRandom, log: silentLog, metrics },
    { listen: ["/ip4/127.0.0.1/tcp/0"], dht: "server", relay: {} },
  );
  relay.messaging.handle(requestNames.genesis, { onRequest: answer });
  await relay.start();
  return relay;
}
