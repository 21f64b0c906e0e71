import type { NodeId } from "@meshwork/foundation";
import type { BodyOf, TaskPlace, TaskRecord } from "@meshwork/protocol";
import { bondOf } from "../escrow.ts";
import { answered, nodeOf, stakeBond } from "../penalties.ts";
import { accountOf } from "../purses.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { settle } from "../task/close-task.ts";
import { placesOf, type Role, withPlace } from "../task/places.ts";
import { findTask, type Ground, type Rule, requireTask, type Signed } from "./rule.ts";

type Accept = BodyOf<"accept">;

/** A called node takes its place and stakes its bond: from now on a no-show costs. */
export const accept: Rule<Accept> = {
  check(signed, ground) {
    const { found: task, refusal } = findTask(
      ground.state,
      signed.body,
      signed.body.role === "panel" ? "panel" : "running",
    );
    return refusal ?? checkPlace(signed, task, ground) ?? checkNode(signed, task, ground);
  },

  apply(draft, { id, sender, body }) {
    const task = requireTask(draft, body.orderId);
    stakeBond(draft, { account: sender, task, evidence: id });
    draft.put("node", answered(nodeOf(draft, sender)));
    const accepted: TaskPlace = {
      ...(calledPlace(task, body.role, sender) as TaskPlace),
      state: "accepted",
      // A verifier's next step is the verdict, which has a deadline of its own.
      deadline: body.role === "worker" ? draft.at.activeTime + task.order.deadlines.runMs : null,
      commitment: body.seedCommitment,
    };
    draft.taskEvent(task, "accepted", sender);
    settle(draft, withPlace(task, body.role, accepted));
  },
};

export const calledPlace = (task: TaskRecord, role: Role, node: NodeId): TaskPlace | undefined =>
  placesOf(task, role).find((place) => place.node === node && place.state === "called");

function checkPlace(
  { sender, body: { role, seedCommitment } }: Signed<Accept>,
  task: TaskRecord,
  { at }: Ground,
): Refusal | null {
  const place = calledPlace(task, role, sender);
  if (place === undefined)
    return refuse("NOT_CALLED", `${sender} is not called as ${role} of ${task.orderId}`);
  if ((place.deadline ?? 0) <= at.activeTime)
    return refuse("TOO_LATE", `the answer was due at active time ${place.deadline}`);
  if ((seedCommitment === null) !== (role === "worker"))
    return refuse(
      "SEED_COMMITMENT",
      "who judges commits a seed when he accepts; a worker has none",
    );
  return null;
}

function checkNode(
  { sender }: Signed<Accept>,
  task: TaskRecord,
  { state, at }: Ground,
): Refusal | null {
  const bond = bondOf(state.policy, task.order);
  const held = accountOf(state, sender).points;
  if (held < bond)
    return refuse("INSUFFICIENT_POINTS", `the bond is ${bond} points; ${sender} holds ${held}`);
  const until = state.node(sender)?.suspendedUntil ?? 0;
  if (until > at.activeTime)
    return refuse("SUSPENDED", `${sender} is suspended until active time ${until}`);
  return null;
}
