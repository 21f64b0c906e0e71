import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { messageOf } from "@meshwork/foundation/errors";
import { FILES_FD } from "./file-requests.ts";
import type { HostFile, HostTask } from "./runtime.ts";
import type { SandboxCommand } from "./sandbox-command.ts";
import { SandboxError } from "./sandbox-error.ts";
import { FrameReader } from "./sandbox-frames.ts";
import { encodeOpen, type SandboxReply } from "./sandbox-messages.ts";
import { parseReply } from "./sandbox-replies.ts";
import { serveFiles } from "./serve-files.ts";

/** Enough for the longest stack trace that helps. */
const STDERR_BYTES = 4_096;
/** Before a task is open the child has nothing long to say. */
const SHORT_FRAME_BYTES = 16_384;

/** One child: it is asked one thing at a time, and it answers, or dies, or is killed. */
export class SandboxProcess {
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  readonly #socket: Duplex;
  #maxReplyBytes = SHORT_FRAME_BYTES;
  #stderr = "";
  #inputs: readonly (Uint8Array | HostFile)[] = [];
  /** Why nothing more will come. */
  #ended: SandboxError | null = null;
  #waiting: { resolve(reply: SandboxReply): void; reject(error: SandboxError): void } | null = null;
  readonly #ready: Promise<SandboxReply>;

  /** @param prepare the first request, which every child gets at once. */
  constructor(command: SandboxCommand, prepare: readonly Uint8Array[]) {
    this.#child = spawn(command.file, command.parameters, {
      env: {},
      stdio: ["pipe", "ignore", "pipe", "pipe", "pipe"],
    });
    this.#child.stdin?.on("error", () => {}).end(command.program); // If it died, `close` will say how.
    this.#socket = this.#child.stdio[3] as Duplex;
    this.#ready = this.#reply();
    this.#ready.catch(() => {}); // Whoever takes the process will hear of it.
    this.exited = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        this.#end(
          new SandboxError("CHILD_DIED", "the sandbox cannot be started", { cause: error }),
        );
        resolve();
      });
      this.#child.once("close", (code, signal) => {
        this.#end(this.#died(code, signal));
        resolve();
      });
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      if (this.#stderr.length < STDERR_BYTES) this.#stderr += text;
    });
    this.#listen();
    serveFiles(
      this.#child.stdio[FILES_FD] as Duplex,
      () => this.#inputs,
      (error) => this.kill(error),
    );
    this.#write(prepare);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#ended === null;
  }

  /** Sends one request and waits for its answer. `maxReplyBytes` is all that the child may say. */
  async ask(request: readonly Uint8Array[], maxReplyBytes: number): Promise<SandboxReply> {
    await this.#ready;
    if (this.#ended) throw this.#ended;
    this.#maxReplyBytes = maxReplyBytes + SHORT_FRAME_BYTES;
    const reply = this.#reply();
    this.#write(request);
    return reply;
  }

  /** Opens a task, whose files the child may read from then on. */
  open(task: HostTask): Promise<SandboxReply> {
    this.#inputs = task.inputs;
    return this.ask(encodeOpen(task), 0);
  }

  /** SIGKILL: nothing that a program does can delay it. What is being asked fails with `reason`. */
  kill(reason: SandboxError): void {
    this.#end(reason);
    this.#child.kill("SIGKILL");
  }

  #reply(): Promise<SandboxReply> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #write(request: readonly Uint8Array[]): void {
    this.#socket.cork();
    for (const piece of request) this.#socket.write(piece);
    this.#socket.uncork();
  }

  #listen(): void {
    const frames = new FrameReader(() => this.#maxReplyBytes);
    this.#socket.on("error", () => {}); // The child died; `close` will say how.
    this.#socket.on("data", (chunk: Uint8Array) => {
      if (this.#ended) return;
      try {
        for (const frame of frames.push(chunk)) this.#take(parseReply(frame));
      } catch (error) {
        const message = `the sandbox's child said something that it may not say: ${messageOf(error)}`;
        this.kill(new SandboxError("CHILD_LIES", message.slice(0, 500)));
      }
    });
  }

  #take(reply: SandboxReply): void {
    const waiting = this.#waiting;
    if (!waiting) throw new RangeError("nobody asked");
    if (reply.kind === "broken") {
      const code = reply.code === "HOST_MEMORY" ? "HOST_MEMORY" : "SANDBOX_BROKEN";
      this.kill(new SandboxError(code, `the sandbox failed (${reply.code}): ${reply.message}`));
      return;
    }
    this.#waiting = null;
    waiting.resolve(reply);
  }

  #end(reason: SandboxError): void {
    this.#ended ??= reason;
    this.#waiting?.reject(this.#ended);
    this.#waiting = null;
  }

  #died(code: number | null, signal: string | null): SandboxError {
    const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
    const last = this.#stderr.trim();
    return new SandboxError(
      "CHILD_DIED",
      `the sandbox's process ended ${how}${last === "" ? "" : `: ${last}`}`,
      { detail: { code, signal } },
    );
  }
}
