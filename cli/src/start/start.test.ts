import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemRandom } from "@meshwork/foundation";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { run } from "../main.ts";
import { createNetwork } from "../network/create-network.ts";
import { takeOwnership } from "../supervisor/owner-file.ts";
import { identityOf, isAlive } from "../supervisor/process-identity.ts";
import { endOrphans } from "./end-orphans.ts";
import { portsFrom, requireFree } from "./ports.ts";

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "meshwork-start-"));
});
afterEach(() => rmSync(data, { recursive: true }));

async function start(...args: string[]) {
  let err = "";
  const code = await run(["start", "--once", "--data", data, ...args], {
    out: () => {},
    err: (text) => {
      err += text;
    },
  });
  return { code, err };
}

/** The first of three neighbouring ports that are free now. */
async function freePort(): Promise<string> {
  for (;;) {
    const { port, release } = await busyPort();
    release();
    const free = await requireFree(portsFrom(port)).then(
      () => true,
      () => false,
    );
    if (free) return String(port);
  }
}

/** A port that somebody else holds. */
async function busyPort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, release: () => server.close() };
}

describe("meshwork start", () => {
  test("says which port somebody else has, and starts nothing", async () => {
    const { port, release } = await busyPort();
    const { code, err } = await start("--port", String(port));
    release();
    expect(code).toBe(78);
    expect(err).toMatch(new RegExp(`^PORT_BUSY: port ${port} .*--port N`));
    expect(existsSync(join(data, "network"))).toBe(false);
    expect(existsSync(join(data, "owner.json"))).toBe(false);
  });

  test("beside a running one says whose the folder is, and leaves it alone", async () => {
    const owner = takeOwnership(join(data, "owner.json"));
    owner.record([], "http://127.0.0.1:7700");
    mkdirSync(join(data, "network"));
    const { code, err } = await start("--fresh");
    expect(code).toBe(78);
    expect(err).toMatch(/^ALREADY_RUNNING: process \d+ already runs a network at http:\S+7700/);
    expect(existsSync(join(data, "network"))).toBe(true);
    owner.release();
  });

  test("does not take a network of another size for the one that was asked for", async () => {
    const plan = { name: "t", nodes: 4, validators: 4, development: true, relayAddresses: [] };
    const parts = { clock: systemClock, random: systemRandom };
    const relayAddresses = ["/ip4/127.0.0.1/tcp/1"];
    await createNetwork(parts, { ...plan, relayAddresses }, join(data, "network"));
    const { code, err } = await start("--nodes", "7", "--port", await freePort());
    expect(code).toBe(78);
    expect(err).toMatch(/^NETWORK_DIFFERS: .* has 4 nodes, not 7/);
  });

  test("says which file of its network is damaged", async () => {
    mkdirSync(join(data, "network"));
    writeFileSync(join(data, "network", "genesis.json"), "{}");
    const { code, err } = await start("--port", await freePort());
    expect(code).toBe(78);
    expect(err).toMatch(/^GENESIS_INVALID: .*genesis\.json/);
  });
});

test("what a killed supervisor left behind has ended before anything is started", async () => {
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 400)"]);
  await once(child, "spawn");
  const orphan = identityOf(child.pid ?? 0);
  if (orphan === undefined) throw new Error("the orphan is gone already");
  await endOrphans(systemClock, [orphan]);
  expect(isAlive(orphan)).toBe(false);
});
