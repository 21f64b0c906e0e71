import { accountProcedures } from "./procedures/accounts.ts";
import { jobProcedures, mapTask } from "./procedures/jobs.ts";
import { networkProcedures } from "./procedures/network.ts";
import { nodeProcedures } from "./procedures/nodes.ts";
import { sessionProcedures } from "./procedures/session.ts";
import { taskProcedures } from "./procedures/tasks.ts";
import { mergeRouters, router } from "./trpc.ts";

/** Everything that the API does, by noun. */
export const appRouter = router({
  tasks: mergeRouters(taskProcedures, router({ map: mapTask })),
  jobs: jobProcedures,
  nodes: nodeProcedures,
  accounts: accountProcedures,
  network: networkProcedures,
  session: sessionProcedures,
});

export type AppRouter = typeof appRouter;
