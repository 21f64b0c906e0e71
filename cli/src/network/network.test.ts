import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  deriveTransportSeed,
  digestOf,
  ed25519KeyPair,
  keyPairFromSecret,
  nodeIdOf,
  openKeystore,
  readPassphraseFile,
  verify,
} from "@meshwork/crypto";
import { fromHex, systemClock, systemRandom } from "@meshwork/foundation";
import { chainIdOf, genesis, inviteFromText, voucherBody } from "@meshwork/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createNetwork, type Network, type NetworkPlan } from "./create-network.ts";

const plan: NetworkPlan = {
  name: "test",
  nodes: 5,
  validators: 4,
  development: true,
  relayAddresses: ["/ip4/127.0.0.1/tcp/7701"],
};
const parts = { clock: systemClock, random: systemRandom };

let home: string;
let folder: string;
let network: Network;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "meshwork-network-"));
  folder = join(home, "network");
  network = await createNetwork(parts, plan, folder);
});
afterAll(() => rm(home, { recursive: true }));

const secretsIn = async (name: string) =>
  openKeystore(
    join(folder, name, "keystore.json"),
    await readPassphraseFile(join(folder, name, "passphrase")),
  );

describe("a new network", () => {
  test("has a genesis file that names it and reads back as it was made", async () => {
    const read = genesis.fromJson(await readFile(join(folder, "genesis.json"), "utf8"));
    expect(read).toEqual(network.genesis);
    expect(chainIdOf(read)).toBe(network.chainId);
  });

  test("names in its genesis the keys that lie in its members' folders", async () => {
    for (const [index, member] of network.genesis.members.entries()) {
      const secrets = await secretsIn(`node-${index + 1}`);
      const { publicKey } = keyPairFromSecret(secrets.identitySecret);
      expect(member.publicKey).toBe(publicKey);
      const seed = deriveTransportSeed(secrets.identitySecret, secrets.keyVersion);
      expect(member.transportKey).toBe(ed25519KeyPair(seed).publicKey);
      const recovery = keyPairFromSecret(secrets.recoverySecret).publicKey;
      expect(member.recoveryHash).toBe(digestOf("meshwork/recovery/1", fromHex(recovery)));
    }
  });

  test("gives seats to its validators alone", () => {
    const seats = network.genesis.members.map(({ vote }) => vote !== null);
    expect(seats).toEqual([true, true, true, true, false]);
  });

  test("funds an operator and an agent", async () => {
    for (const name of ["operator", "agent"]) {
      const { publicKey } = keyPairFromSecret((await secretsIn(name)).identitySecret);
      const account = network.genesis.accounts.find((one) => one.publicKey === publicKey);
      expect(account?.points, name).toBeGreaterThan(0n);
    }
  });

  test("keeps every secret from other users of the machine", async () => {
    for (const name of await readdir(folder, { recursive: true })) {
      if (name === "genesis.json") continue;
      expect((await stat(join(folder, name))).mode & 0o077, name).toBe(0);
    }
  });

  test("has an invite that its operator signed", () => {
    const invite = inviteFromText(network.invite);
    const { body, signature } = invite.voucher;
    const message = fromHex(digestOf("meshwork/credential/1", voucherBody.encode(body)));
    const issuer = network.genesis.accounts.find(
      ({ publicKey }) => nodeIdOf(publicKey) === body.issuer,
    );
    expect(issuer && verify(issuer.publicKey, message, signature)).toBe(true);
    expect(keyPairFromSecret(fromHex(invite.voucherSecret)).publicKey).toBe(body.voucherKey);
    expect(invite.relays[0]).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/7701\/p2p\/12D3Koo\w+$/);
  });

  test("never replaces another", async () => {
    await expect(createNetwork(parts, plan, folder)).rejects.toMatchObject({
      code: "NETWORK_EXISTS",
    });
    expect((await readdir(home)).sort()).toEqual(["network"]);
  });
});

describe("an invite string", () => {
  test("is refused when it was cut or changed, and is not repeated", () => {
    for (const text of ["", "hello", network.invite.slice(0, -4), `${network.invite}!`]) {
      expect(() => inviteFromText(text)).toThrow(
        expect.objectContaining({ code: "INVITE_INVALID" }),
      );
    }
    expect(inviteFromText(`  ${network.invite}\n`)).toEqual(inviteFromText(network.invite));
  });
});
