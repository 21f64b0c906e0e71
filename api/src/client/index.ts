export type { JobPart, JobState } from "../job-views.ts";
export type { TaskState } from "../views.ts";
export { type ClientCode, ClientError, RefusedError } from "./client-error.ts";
export {
  defaultDeadlines,
  defaultLimits,
  defaultPolicy,
  defineTask,
  type Task,
  type TaskDefinition,
} from "./define-task.ts";
export type { TaskResult } from "./fetch-result.ts";
export { type FileSink, type FileSource, type TransferOptions, UploadedFile } from "./files.ts";
export { createMeshwork, type MapPlan, type Meshwork, type MeshworkOptions } from "./meshwork.ts";
export type { KeySource } from "./open-key.ts";
export type { JobResult } from "./run-job.ts";
export type { RunOptions, RunResult } from "./run-task.ts";
export { SeveralInputs } from "./several-inputs.ts";
export type { TaskWork } from "./task-work.ts";
