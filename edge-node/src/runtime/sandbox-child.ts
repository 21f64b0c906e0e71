import { Socket } from "node:net";
import { utf8 } from "@meshwork/foundation/bytes";
import { messageOf } from "@meshwork/foundation/errors";
import { ENGINE_MEMORY_PAGES } from "./js-engine.ts";
import { type CompiledModule, compile } from "./metered-instance.ts";
import type { InstrumentedModule } from "./metering/instrument.ts";
import { openTask } from "./open-task.ts";
import { Asking, HostFailure, type TaskLimits, type TaskSession } from "./runtime.ts";
import { FrameReader } from "./sandbox-frames.ts";
import {
  decodeRequest,
  encodeReply,
  type SandboxReply,
  type SandboxRequest,
} from "./sandbox-messages.ts";

/**
 * The process in which a stranger's program runs: one task, then it is killed. It has no
 * environment, no network where the machine allows that, and no file.
 * It ends with the socket to the node that started it.
 */
const SOCKET_FD = 3;

const socket = new Socket({ fd: SOCKET_FD });
const frames = new FrameReader(() => Number.MAX_SAFE_INTEGER);
let engine: CompiledModule | null = null;
let session: TaskSession | null = null;

socket.on("data", (chunk) => {
  for (const frame of frames.push(chunk)) send(answer(decodeRequest(frame)));
});
for (const event of ["end", "close", "error"]) socket.on(event, () => process.exit(0));

function answer(request: SandboxRequest): SandboxReply {
  try {
    switch (request.kind) {
      case "prepare":
        engine = warmedUp(request.engine);
        return { kind: "ready" };
      case "open":
        session = openTask(request.task, engine);
        return { kind: "opened", steps: session.steps };
      case "segment":
        if (session === null) throw new Error("no task is open");
        return { kind: "outcome", outcome: session.runSegment(request.segment) };
    }
  } catch (error) {
    if (error instanceof Asking) return { kind: "asks", requests: error.requests };
    const code = error instanceof HostFailure ? error.code : "HOST_BROKEN";
    return { kind: "broken", code, message: messageOf(error).slice(0, 1_000) };
  }
}

/** V8 compiles a function when it is first called: a first run now saves a task the wait. */
function warmedUp(instrumented: InstrumentedModule): CompiledModule {
  const compiled = compile(instrumented);
  const program = { runtime: "js-qjs-v1", bytes: utf8("function main() {}") } as const;
  const limits = {
    fuel: 1n << 40n,
    memoryPages: ENGINE_MEMORY_PAGES,
    stackDepth: 8_192,
    steps: 1,
    stateBytes: 0,
    outputBytes: 0,
  };
  openTask({ program, inputs: [], limits: limits as TaskLimits }, compiled);
  return compiled;
}

function send(reply: SandboxReply): void {
  socket.cork();
  for (const piece of encodeReply(reply)) socket.write(piece);
  socket.uncork();
}
