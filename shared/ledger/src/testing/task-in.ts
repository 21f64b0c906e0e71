import type { NodeId } from "@meshwork/foundation";
import type { TaskRecord } from "@meshwork/protocol";
import { Actors } from "./actors.ts";
import { TestNetwork } from "./network.ts";

/** A task in a phase, and who holds its places. */
export function taskIn(phase: TaskRecord["phase"]) {
  const network = new TestNetwork({ members: 8 });
  const actors = new Actors(network);
  const task = actors.until(actors.order(), (now) => now.phase === phase);
  const holder = (role: "workers" | "verifiers", i = 0) =>
    network.memberOf(task[role][i]?.node as NodeId);
  return { network, actors, task, holder, about: { orderId: task.orderId, attempt: 0 } };
}
