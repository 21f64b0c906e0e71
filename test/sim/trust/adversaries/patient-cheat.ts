import type { Adversary } from "../gang.ts";
import { inventions } from "../lies.ts";
import { honest } from "../strategy.ts";

/** As many clean verdicts as bring the audit rate to its floor, and fill what is vesting. */
const PATIENCE = 20;

/** Earns trust first. Then lies where nobody else works on the task, so that only an audit can tell. */
export const patientCheat: Adversary = {
  name: "patient-cheat",
  about: `honest for ${PATIENCE} tasks, then invents all that no other worker does too`,
  share: 0.1,
  plays: () => {
    const worked = new Map<string, number>();
    return {
      ...honest,
      works: ({ me, task }) => {
        const before = worked.get(me) ?? 0;
        worked.set(me, before + 1);
        const isAlone = task.order.policy.replicas === 1;
        return before >= PATIENCE && isAlone ? inventions(`${me}/${task.orderId}`) : "honest";
      },
    };
  },
};
