export { type DoorCode, DoorError } from "./door-error.ts";
export { doorLimits } from "./door-limits.ts";
export type { Gateway, PlacedOrder, TaskEvent, UnverifiedOutput } from "./ports.ts";
export type { AppRouter } from "./router.ts";
export {
  type ApiServer,
  ListenError,
  type ServerOptions,
  type ServerParts,
  startServer,
} from "./server.ts";
export type {
  AccountSummary,
  NetworkSummary,
  NodeSummary,
  TaskState,
  TaskView,
  WhyEntry,
} from "./views.ts";
