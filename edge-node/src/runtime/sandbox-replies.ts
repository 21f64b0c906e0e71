import { limits } from "@meshwork/foundation";
import { faultCode } from "@meshwork/protocol";
import { z } from "zod";
import { FAULT_MESSAGE_BYTES } from "./runtime.ts";
import type { Frame } from "./sandbox-frames.ts";
import type { SandboxReply } from "./sandbox-messages.ts";

/** Parses what a child says, which has perhaps been taken over by the program that it runs. */
export function parseReply(frame: Frame): SandboxReply {
  const reply = replySchema.parse(frame.header);
  const [postState, output, ...more] = frame.blobs;
  if (reply.kind === "done") {
    if (!postState || !output || more.length > 0) throw new RangeError("a step leaves two blobs");
    return { kind: "outcome", outcome: { ...reply, postState, output } };
  }
  if (postState) throw new RangeError(`no blobs belong to ${reply.kind}`);
  return reply.kind === "fault" ? { kind: "outcome", outcome: reply } : reply;
}

const fuel = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,18})$/)
  .transform(BigInt);

const replySchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("ready") }),
  z.strictObject({
    kind: z.literal("opened"),
    steps: z.int().min(1).max(limits.stepsPerTask),
  }),
  z.strictObject({ kind: z.literal("done"), fuel }),
  z.strictObject({
    kind: z.literal("fault"),
    code: faultCode,
    message: z.string().max(FAULT_MESSAGE_BYTES),
    fuel,
  }),
  z.strictObject({
    kind: z.literal("asks"),
    requests: z.array(z.string().max(limits.requestCharacters)).min(1).max(limits.exchangesPerTask),
  }),
  z.strictObject({
    kind: z.literal("broken"),
    code: z.string().max(40),
    message: z.string().max(1_000),
  }),
]);
