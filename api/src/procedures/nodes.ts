import { nodeId } from "@meshwork/foundation";
import { z } from "zod";
import { DoorError } from "../door-error.ts";
import { doorLimits } from "../door-limits.ts";
import { procedure, router } from "../trpc.ts";
import { nodeSummary } from "../views.ts";

export const nodeProcedures = router({
  /** Pages in the order of NodeIds; `next` is the cursor of the page that follows. */
  list: procedure
    .input(
      z
        .strictObject({
          after: nodeId.optional(),
          limit: z.int().min(1).max(doorLimits.pageSize).default(100),
        })
        .prefault({}),
    )
    .output(z.object({ nodes: z.array(nodeSummary), next: nodeId.nullable() }))
    .query(({ ctx, input: { after, limit } }) => {
      const rest = ctx.door.gateway
        .nodes()
        .filter((node) => after === undefined || node.nodeId > after)
        .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
      const nodes = rest.slice(0, limit);
      return { nodes, next: rest.length > limit ? (nodes.at(-1)?.nodeId ?? null) : null };
    }),

  get: procedure
    .input(z.strictObject({ nodeId }))
    .output(nodeSummary)
    .query(({ ctx, input }) => {
      const node = ctx.door.gateway.nodes().find((one) => one.nodeId === input.nodeId);
      if (node) return node;
      throw new DoorError("NODE_UNKNOWN", `the ledger knows no node ${input.nodeId}`);
    }),
});
