import { type ChildProcess, type ForkOptions, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createVoteFolder } from "@meshwork/edge-node/vote-key";
import { type Points, systemClock } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import { type Genesis, genesis, type NetworkPolicy } from "@meshwork/protocol";

const program = fileURLToPath(
  new URL("../../edge-node/src/chain/testing/validator-process.ts", import.meta.url),
);

/** What a validator's process answers: `kind`, and what belongs to it. */
interface Answers {
  ready: { record: string; height: number };
  included: { finalityMs: number[] };
  acknowledged: { account: string };
  signed: object;
  burst: { elapsedMs: number };
  seen: { height: number; missing: string[]; trouble: string | null };
  at: { height: number; hash: string };
}

export interface ValidatorsOptions {
  /** @default 4 */
  count?: number;
  policy?: Partial<NetworkPolicy>;
  /** Where the validators' folders lie. @default a temporary one */
  folder?: string;
}

/** A disk that can be filled without harm to others. */
export interface SmallDisk {
  /** The validator's folder, as seen from here. */
  readonly path: string;
  fill(): Promise<void>;
  empty(): Promise<void>;
}

const NAMESPACE = ["--user", "--map-root-user", "--mount", "--"];
const ON_SMALL_DISK = `
  cp -a "$DISK" "$DISK.before" &&
  mount -t tmpfs -o "size=$DISK_BYTES" tmpfs "$DISK" &&
  cp -a "$DISK.before/." "$DISK" &&
  exec "$@"`;

/** Whether this machine lets a process have a disk of its own. */
export const canHaveSmallDisks = (): boolean =>
  process.platform === "linux" && spawnSync("unshare", [...NAMESPACE, "true"]).status === 0;

async function untilItFails(attempt: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await attempt();
    } catch {
      return;
    }
  }
}

const WITHIN_MS = 180_000;

/** A committee of real processes on loopback, each with a folder of its own: p2p and the ledger, nothing else. */
export class Validators {
  readonly folder: string;
  readonly genesis: Genesis;
  readonly names: readonly string[];
  /** Accounts whose registration some validator has acknowledged. */
  readonly acknowledged = new Set<string>();
  readonly #running = new Map<string, ChildProcess>();
  /** How each of those who were started is reached. */
  readonly #records = new Map<string, string>();

  private constructor(folder: string, made: Genesis) {
    this.folder = folder;
    this.genesis = made;
    this.names = made.members.map((_, i) => `member-${i}`);
  }

  static async create({ count = 4, policy, folder }: ValidatorsOptions = {}): Promise<Validators> {
    const home = folder ?? (await mkdtemp(join(tmpdir(), "meshwork-validators-")));
    const { genesis: made } = new TestNetwork({
      members: count,
      seats: count,
      policy: { admission: "open", registerPrice: 0n as Points, ...policy },
    });
    const members = await Promise.all(
      made.members.map(async (member, i) => {
        await mkdir(join(home, `member-${i}`), { recursive: true });
        return { ...member, vote: await createVoteFolder(join(home, `member-${i}`, "vote")) };
      }),
    );
    const complete = { ...made, time: systemClock.now() - 1_000, members };
    await writeFile(join(home, "genesis.json"), genesis.toJson(complete));
    return new Validators(home, complete);
  }

  get running(): string[] {
    return [...this.#running.keys()];
  }

  folderOf(name: string): string {
    return join(this.folder, name);
  }

  /** The heights at which they have woken up. */
  async start(...names: readonly string[]): Promise<number[]> {
    const heights = await Promise.all(names.map((name) => this.#spawn(name)));
    this.#introduce();
    return heights;
  }

  /** The process is gone so soon after its start, whether it was up or not. */
  async startAndKill(name: string, afterMs: number): Promise<void> {
    const starting = this.#spawn(name).catch(() => {});
    await setTimeout(afterMs);
    await this.kill(name);
    await starting;
  }

  /** With its folder on a small disk of its own, which lives as long as the process (Linux, user namespaces). */
  async startOnSmallDisk(name: string, sizeBytes: number): Promise<SmallDisk> {
    await this.#spawn(name, {
      execPath: "unshare",
      execArgv: [...NAMESPACE, "sh", "-c", ON_SMALL_DISK, "sh", process.execPath],
      env: { ...process.env, DISK: this.folderOf(name), DISK_BYTES: String(sizeBytes) },
    });
    this.#introduce();
    // What the process sees, seen from outside.
    const path = join("/proc", String(this.#childOf(name).pid), "root", this.folderOf(name));
    const ballast = join(path, "ballast");
    return {
      path,
      fill: async () => {
        const file = await open(ballast, "a");
        // The last bytes too.
        for (let size = 1 << 20; size > 0; size >>= 1)
          await untilItFails(() => file.write(new Uint8Array(size)));
        await file.close();
      },
      empty: () => rm(ballast),
    };
  }

  /** As when the power goes. */
  async kill(...names: readonly string[]): Promise<void> {
    await Promise.all(
      names.map(async (name) => {
        const child = this.#running.get(name);
        this.#running.delete(name);
        if (child === undefined || child.exitCode !== null) return;
        child.kill("SIGKILL");
        await once(child, "exit");
      }),
    );
  }

  tell(name: string, told: object): void {
    this.#childOf(name).send(told);
  }

  /** Asks one, and takes the first answer of this kind. */
  async ask<K extends keyof Answers>(name: string, told: object, kind: K): Promise<Answers[K]> {
    const answer = answerOf(this.#childOf(name), kind);
    this.tell(name, told);
    return answer;
  }

  async end(): Promise<void> {
    await this.kill(...this.running);
    await rm(this.folder, { recursive: true, force: true });
  }

  #introduce(): void {
    const records = [...this.#records.values()];
    for (const child of this.#running.values()) child.send({ kind: "meet", records });
  }

  async #spawn(name: string, options: ForkOptions = {}): Promise<number> {
    const args = [this.folderOf(name), name, join(this.folder, "genesis.json")];
    const stdio: ForkOptions["stdio"] = ["ignore", "inherit", "inherit", "ipc"];
    const child = fork(program, args, { ...options, stdio });
    this.#running.set(name, child);
    child.on("message", (message: { kind: string; account?: string }) => {
      if (message.kind === "acknowledged" && message.account !== undefined)
        this.acknowledged.add(message.account);
    });
    const { record, height } = await answerOf(child, "ready");
    this.#records.set(name, record);
    return height;
  }

  #childOf(name: string): ChildProcess {
    const child = this.#running.get(name);
    if (child === undefined) throw new Error(`${name} is not running`);
    return child;
  }
}

function answerOf<K extends keyof Answers>(child: ChildProcess, kind: K): Promise<Answers[K]> {
  const { promise, resolve, reject } = Promise.withResolvers<Answers[K]>();
  const onMessage = (message: { kind: string }) => {
    if (message.kind === kind) resolve(message as unknown as Answers[K]);
  };
  const onExit = () => reject(new Error(`the validator ended before it answered ${kind}`));
  const late = () => reject(new Error(`no answer ${kind} within ${WITHIN_MS} ms`));
  const timer = globalThis.setTimeout(late, WITHIN_MS);
  child.on("message", onMessage).on("exit", onExit);
  return promise.finally(() => {
    clearTimeout(timer);
    child.off("message", onMessage).off("exit", onExit);
  });
}
