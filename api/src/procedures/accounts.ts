import { nodeId } from "@meshwork/foundation";
import { z } from "zod";
import { doorLimits } from "../door-limits.ts";
import { procedure, router } from "../trpc.ts";
import { accountSummary, whyEntry } from "../views.ts";

/** Points and reputation stand on the ledger: everybody may see everybody's, and why. */
export const accountProcedures = router({
  /** Null: no such account. */
  get: procedure
    .input(z.strictObject({ account: nodeId }))
    .output(accountSummary.nullable())
    .query(({ ctx, input }) => ctx.door.gateway.account(input.account)),

  why: procedure
    .input(z.strictObject({ account: nodeId }))
    .output(z.array(whyEntry))
    .query(async ({ ctx, input }) => {
      const whys = await ctx.door.gateway.why(input.account);
      return whys.slice(0, doorLimits.pageSize);
    }),
});
