import type { Clock } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { Caller } from "./auth.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { DoorError } from "./door-error.ts";
import type { ObjectStaging } from "./object-staging.ts";
import type { Gateway } from "./ports.ts";
import type { SessionTokens } from "./session-tokens.ts";
import type { WatchSeats } from "./watch-seats.ts";

/** What every procedure may use, for as long as the server runs. */
export interface DoorParts {
  gateway: Gateway;
  staging: ObjectStaging;
  sessions: SessionTokens;
  watches: WatchSeats;
  results: ByteBudget;
  clock: Clock;
  log: Log;
}

/** A request: whose it is, and what may be used for it. tRPC copies it a few times, so it is small. */
export interface Context {
  door: DoorParts;
  requestId: string;
  /** Null: a stranger, who may see what the ledger shows to everybody. */
  caller: Caller | null;
  /** Calls back when the answer was sent, or its reader is gone. */
  whenAnswered(callback: () => void): void;
}

export function requireCaller({ caller }: Pick<Context, "caller">): Caller {
  if (caller !== null) return caller;
  throw new DoorError(
    "CREDENTIAL_MISSING",
    "this is for the requester alone: sign the request, or open a session and send its token",
  );
}
