import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createVoteFolder } from "@meshwork/edge-node/vote-key";
import { type Points, systemClock } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import { genesis } from "@meshwork/protocol";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

const program = fileURLToPath(
  new URL("../../edge-node/src/chain/testing/validator-process.ts", import.meta.url),
);
const names = ["member-0", "member-1", "member-2", "member-3"] as const;
type Name = (typeof names)[number];

let folder: string;
const running = new Map<Name, ChildProcess>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-kill-"));
  const policy = { admission: "open", registerPrice: 0n as Points } as const;
  const { genesis: made } = new TestNetwork({ members: 4, policy });
  const members = await Promise.all(
    made.members.map(async (member, i) => {
      const own = join(folder, names[i] as Name);
      await mkdir(own);
      return { ...member, vote: await createVoteFolder(join(own, "vote")) };
    }),
  );
  const time = systemClock.now() - 1_000;
  await writeFile(join(folder, "genesis.json"), genesis.toJson({ ...made, time, members }));
});
afterEach(() => kill(...names));
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Answer {
  kind: string;
  record: string;
  height: number;
  hash: string;
  finalityMs: number[];
}

/** Starts them and lets them meet; the height at which each has woken up. */
async function start(...which: readonly Name[]): Promise<number[]> {
  const ready = await Promise.all(
    which.map(async (name) => {
      const args = [join(folder, name), name, join(folder, "genesis.json")];
      const child = fork(program, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
      running.set(name, child);
      const [answer] = (await once(child, "message")) as [Answer];
      return answer;
    }),
  );
  const records = ready.map(({ record }) => record);
  for (const name of which) childOf(name).send({ kind: "meet", records });
  return ready.map(({ height }) => height);
}

const childOf = (name: Name): ChildProcess => {
  const child = running.get(name);
  if (!child) throw new Error(`${name} is not running`);
  return child;
};

async function ask(name: Name, question: object): Promise<Answer> {
  childOf(name).send(question);
  const [answer] = (await once(childOf(name), "message")) as [Answer];
  return answer;
}

/** As when the power goes. */
async function kill(...which: readonly Name[]): Promise<void> {
  await Promise.all(
    which.map(async (name) => {
      const child = running.get(name);
      running.delete(name);
      if (!child || child.exitCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    }),
  );
}

test("four validators, all killed in the middle of their work and started again, go on from where they were", async () => {
  await start(...names);
  await ask("member-0", { kind: "include", count: 3 });
  for (const name of names) childOf(name).send({ kind: "never-stop" });
  const known = await ask("member-1", { kind: "wait", height: 8 });
  await kill(...names);

  const woken = await start(...names);
  expect(woken[1]).toBeGreaterThanOrEqual(known.height);
  // A quorum has signed its F, and signs nothing at a height before the one below is durable.
  expect(woken.toSorted((a, b) => b - a)[2]).toBeGreaterThanOrEqual(known.height - 1);
  const { finalityMs } = await ask("member-2", { kind: "include", count: 1 });
  expect(finalityMs).toHaveLength(1);
  const height = Math.max(...woken) + 1;
  const answers = await Promise.all(names.map((name) => ask(name, { kind: "wait", height })));
  expect(new Set(answers.map(({ hash }) => hash)).size).toBe(1);
}, 120_000);
