import { milliseconds } from "@meshwork/foundation";
import { z } from "zod";
import { requireCaller } from "../context.ts";
import { DoorError } from "../door-error.ts";
import { procedure, router } from "../trpc.ts";

export const sessionProcedures = router({
  /** A bearer token for one signed request. A session cannot prolong itself. */
  open: procedure
    .output(z.object({ token: z.string(), expires: milliseconds }))
    .mutation(({ ctx }) => {
      const caller = requireCaller(ctx);
      if (caller.via === "session")
        throw new DoorError("CREDENTIAL_MISSING", "a session is opened by a signed request only");
      return ctx.door.sessions.open(caller.account, caller.publicKey);
    }),
});
