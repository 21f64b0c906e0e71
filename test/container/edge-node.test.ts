import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createMeshwork, defineTask, type Meshwork } from "@meshwork/api/client";
import { networkFiles, readKeys } from "@meshwork/cli/start";
import { sleep, systemClock } from "@meshwork/foundation";
import { closedSet, type Receipt, receipt } from "@meshwork/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { startNetwork, type TestNetwork, temporaryFolder } from "../support/running-network.ts";
import { BASE_IMAGE, makeBaseImage } from "./base-image.ts";
import { FEW_RESOURCES, startWorker, type Worker } from "./worker.ts";
import { openWorkshop, type Workshop } from "./workshop.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const IMAGE = "localhost/meshwork-edge-node";
const MEGABYTE = 1_000_000;
/** With the container's node six: two workers and four verifiers, so that each task needs all. */
const FOUNDERS = 5;
/** The draw is chance: one task in three has the container's node as a worker. */
const MOST_TASKS = 40;

const data = temporaryFolder();
let workshop: Workshop;

beforeAll(async () => {
  workshop = await openWorkshop();
  await makeBaseImage(workshop);
  const { NODE_EXTRA_CA_CERTS: certificates } = process.env;
  await workshop.buildah(
    ...["build", "--isolation", "chroot", "--format", "docker", "--layers=false"],
    ...["--build-arg", `BASE_IMAGE=${BASE_IMAGE}`],
    ...(certificates ? ["--secret", `id=certificates,src=${certificates}`] : []),
    ...["--target", "edge-node", "--tag", IMAGE, root],
  );
});
afterAll(async () => {
  await workshop?.close();
  data.remove();
});

const inspect = async (image: string, what: string) =>
  JSON.parse(await workshop.podman("image", "inspect", "--format", `{{json ${what}}}`, image));

describe("the image of the edge node", () => {
  test("adds little to Node", async () => {
    const sizes = await Promise.all([IMAGE, BASE_IMAGE].map((image) => inspect(image, ".Size")));
    const [whole, base] = z.tuple([z.int(), z.int()]).parse(sizes);
    const added = (whole - base) / MEGABYTE;
    console.log(
      `edge-node: ${(whole / MEGABYTE).toFixed(0)} MB, of which Node and Debian ` +
        `${(base / MEGABYTE).toFixed(0)} MB, Meshwork and its modules ${added.toFixed(0)} MB`,
    );
    expect(added).toBeLessThan(80);
  });

  test("is nobody's root, starts the program itself, and names what it writes to", async () => {
    expect(await inspect(IMAGE, ".Config")).toMatchObject({
      User: "1000:1000",
      Cmd: ["node", "edge-node/bin/edge-node.mjs"],
      Volumes: { "/data": {}, "/run/meshwork": {} },
    });
    expect((await inspect(IMAGE, ".Config")).Entrypoint ?? []).toEqual([]);
  });

  test("brings what is native for x64 and for ARM64, and compiled nothing of its own", async () => {
    const find = `console.log(JSON.stringify(fs.globSync("/app/**/*.node")))`;
    const run = ["run", "--rm", "--no-healthcheck", "--network", "none", ...FEW_RESOURCES];
    const found = await workshop.podman(...run, IMAGE, "node", "--no-warnings", "-e", find);
    const natives = z.array(z.string()).min(1).parse(JSON.parse(found));
    const systems = natives.map((path) => /\/prebuilds\/([^/]+)\//.exec(path)?.[1]);
    expect(systems).toEqual(expect.arrayContaining(["linux-x64", "linux-arm64"]));
    for (const system of systems) expect(system).toMatch(/^linux-/);
  });
});

describe("a container without rights", () => {
  let running: TestNetwork;
  let meshwork: Meshwork;
  let worker: Worker;
  let settings: Record<string, string>;

  beforeAll(async () => {
    running = await startNetwork(data.path, { nodes: FOUNDERS });
    const { apiUrl: url, folder, genesis } = running.network;
    const { keyPair } = await readKeys(join(folder, networkFiles.agent));
    meshwork = createMeshwork({ url, key: keyPair, genesis });
    settings = {
      MESHWORK_INVITE: readFileSync(join(folder, networkFiles.invite), "utf8").trim(),
      // On a network of its own the image's port would do.
      MESHWORK_PROBE_PORT: String(await freePort()),
    };
  });
  afterAll(() => running?.stop());

  test("joins a network by invite, and its health check says that it runs", async () => {
    worker = await startWorker(workshop, IMAGE, settings);
    await worker.checkHealth();
    await untilEligible(worker.nodeId);
  });

  test("has no capability, can gain none, and is user 1000", () => {
    const status = readFileSync(`/proc/${worker.pid}/status`, "utf8");
    const fields = Object.fromEntries(
      status.split("\n").map((text) => text.split(/:?\s+/, 2) as [string, string]),
    );
    const none = "0000000000000000";
    expect(fields).toMatchObject({
      ...{ CapInh: none, CapPrm: none, CapEff: none, CapBnd: none, CapAmb: none },
      ...{ NoNewPrivs: "1", Uid: "1000", Gid: "1000" },
    });
  });

  test("can write to its two folders and nowhere else", async () => {
    const told = await worker.exec("node", "-e", TRY_TO_WRITE);
    expect(JSON.parse(told)).toEqual({
      ...{ "/": "EROFS", "/tmp": "EROFS", "/app": "EROFS", "/app/node_modules": "EROFS" },
      ...{ "/data": "written", "/run/meshwork": "written" },
    });
  });

  test("runs tasks for which it is drawn, and its result counts", async () => {
    const done = await untilWorkedBy(worker.nodeId);
    expect(done.task.conclusion?.outcome).toBe("verified");
    const finding = done.proof?.verdict.findings.find(({ worker: id }) => id === worker.nodeId);
    expect(finding?.verdict).toBe("honest");
  }, 300_000);

  test("brings the command along, for its owner to look", async () => {
    const api = ["--api", running.network.apiUrl, "--keys", "/data"];
    const account = await worker.exec("meshwork", "--json", "account", worker.nodeId, ...api);
    expect(account).toContain('"kind":"account"');
  });

  test("ends by itself upon SIGTERM, well before it would be killed", async () => {
    const { exitCode, seconds } = await worker.end();
    console.log(`ended ${seconds.toFixed(1)} s after SIGTERM`);
    expect(exitCode).toBe(0);
    expect(seconds).toBeLessThan(30);
  });

  test("is the same node again in a new container with the same folder", async () => {
    const { nodeId } = worker;
    worker = await startWorker(workshop, IMAGE, settings);
    expect(worker.nodeId).toBe(nodeId);
    expect((await worker.end()).exitCode).toBe(0);
  });

  test("is not healthy when nothing answers", async () => {
    const { Test } = await inspect(IMAGE, ".Config.Healthcheck");
    const [kind, ...check] = z.array(z.string()).parse(Test);
    expect(kind).toBe("CMD");
    const run = workshop.podman(
      ...[
        "run",
        "--rm",
        "--network",
        "none",
        "--no-healthcheck",
        ...FEW_RESOURCES,
        IMAGE,
        ...check,
      ],
    );
    await expect(run).rejects.toMatchObject({ code: 1 });
  });

  async function untilEligible(node: string): Promise<void> {
    const trpc = await meshwork.trpc();
    for (;;) {
      const { nodes } = await trpc.nodes.list.query({});
      if (nodes.some(({ nodeId, eligible }) => nodeId === node && eligible)) return;
      await sleep(systemClock, 200);
    }
  }

  async function untilWorkedBy(node: string): Promise<Receipt> {
    for (let count = 1; count <= MOST_TASKS; count++) {
      const { output, receipt: bytes } = await meshwork.run(double, count);
      expect(output).toBe(2 * count);
      const read = receipt.decode(bytes);
      if (closedSet(read.task).some((place) => place.node === node)) return read;
    }
    throw new Error(`in ${MOST_TASKS} tasks the container was never drawn as a worker`);
  }
});

const double = defineTask({
  runtime: "js-qjs-v1",
  program: "function main(inputs) { return inputs[0].json() * 2; }",
  input: z.number(),
  output: z.number(),
});

/** JavaScript that prints what became of a new file in each folder. */
const TRY_TO_WRITE = `
  const attempt = (folder) => {
    const file = require("node:path").join(folder, "x");
    try { fs.writeFileSync(file, ""); fs.rmSync(file); return "written"; } catch (error) { return error.code; }
  };
  const folders = ["/", "/tmp", "/app", "/app/node_modules", "/data", "/run/meshwork"];
  console.log(JSON.stringify(Object.fromEntries(folders.map((folder) => [folder, attempt(folder)]))));`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
