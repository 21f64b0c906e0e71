import { procedure, router } from "../trpc.ts";
import { governanceSummary, networkSummary } from "../views.ts";

export const networkProcedures = router({
  /** Which network this is, how far it is, and its rules. */
  get: procedure.output(networkSummary).query(({ ctx }) => ctx.door.gateway.network()),

  /** Which seat wants which rules, and what they have agreed on. */
  governance: procedure.output(governanceSummary).query(({ ctx }) => ctx.door.gateway.governance()),
});
