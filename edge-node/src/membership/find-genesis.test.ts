import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKeyPair, secretOf } from "@meshwork/crypto";
import { type BlockHash, type Points, toHex } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import { chainIdOf, inviteToText, signVoucher } from "@meshwork/protocol";
import { expect, test } from "vitest";
import { findGenesis } from "./find-genesis.ts";

const { genesis, requester } = new TestNetwork({ members: 4 });
const named = (digit: string) => ({ height: 3_600, hash: digit.repeat(64) as BlockHash });

test("a newcomer trusts the block that his invite names, unless his operator names another", async () => {
  const folder = await mkdtemp(join(tmpdir(), "meshwork-place-"));
  const voucherKey = generateKeyPair();
  const chainId = chainIdOf(genesis);
  const voucher = signVoucher(requester.keyPair, {
    ...{ chainId, issuer: requester.nodeId, voucherKey: voucherKey.publicKey },
    ...{ grant: 1n as Points, uses: 1, notAfter: genesis.time },
  });
  const invite = inviteToText({
    ...{ chainId, relays: ["/ip4/127.0.0.1/tcp/1"], voucher },
    ...{ voucherSecret: toHex(secretOf(voucherKey)), checkpoint: named("a") },
  });
  const options = { folder, genesisFile: null, invite, relays: [] };
  const fetch = async () => genesis;
  try {
    expect(await findGenesis(options, fetch)).toMatchObject({ genesis, checkpoint: named("a") });
    const told = { ...options, checkpoint: named("b") };
    expect(await findGenesis(told, fetch)).toMatchObject({ checkpoint: named("b") });
    const known = { ...options, invite: null };
    expect(await findGenesis(known, fetch)).toMatchObject({ genesis, checkpoint: null });
  } finally {
    await rm(folder, { recursive: true });
  }
});
