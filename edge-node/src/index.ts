export { Chain, openChain } from "./chain/store/chain.ts";
export { createVoteFolder } from "./chain/voting/vote-folder.ts";
export { type EdgeNodeConfig, readConfig as readNodeConfig } from "./config.ts";
export { fetchByInvite } from "./membership/fetch-by-invite.ts";
export { findGenesis, type NetworkPlace } from "./membership/find-genesis.ts";
export { type Node, type NodeOptions, type NodeParts, startNode } from "./node.ts";
export { pulseOf } from "./pulse.ts";
export type {
  TaskProgress,
  TaskStage,
  TaskView,
  UnverifiedResult,
  VerdictResult,
} from "./requester/follow-task.ts";
export { JobError } from "./requester/jobs/job-error.ts";
export { isOver as isJobOver, type JobPartView, type JobView } from "./requester/jobs/job-view.ts";
export type { Jobs } from "./requester/jobs/jobs.ts";
export { OrderError } from "./requester/order-error.ts";
export type { PlacedOrder } from "./requester/place-order.ts";
export {
  forecastOf,
  planVerification,
  type Wish,
} from "./requester/plan-verification.ts";
export type { Requester, UnverifiedOutput } from "./requester/requester.ts";
export { runTask, type TaskRun } from "./runtime/run-task.ts";
export { createSandboxPool } from "./runtime/sandbox-pool.ts";
export { createSandboxes, type Sandboxes } from "./sandboxes.ts";
export { untilToldToStop } from "./until-told-to-stop.ts";
