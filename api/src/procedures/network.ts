import { procedure, router } from "../trpc.ts";
import { networkSummary } from "../views.ts";

export const networkProcedures = router({
  /** Which network this is, how far it is, and its rules. */
  get: procedure.output(networkSummary).query(({ ctx }) => ctx.door.gateway.network()),
});
