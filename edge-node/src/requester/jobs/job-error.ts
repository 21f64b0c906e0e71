import { CodedError } from "@meshwork/foundation";

/** Why a job was not taken, or came to nothing. */
export class JobError extends CodedError<
  /** The mandate is none for this job, or some of it is larger than it may be. */
  | "JOB_INVALID"
  | "JOB_TOO_LARGE"
  /** All its orders together may cost more than the requester holds. */
  | "JOB_UNPAYABLE"
  | "JOBS_FULL"
  | "JOB_UNKNOWN"
  /** More parts came to nothing than the job allows. */
  | "JOB_PARTS_FAILED"
  | "JOB_REDUCTION_FAILED"
  /** The parts have written more than one task can read. */
  | "JOB_OUTPUTS_TOO_LARGE"
  /** Its mandate ended before all of it was done. */
  | "JOB_EXPIRED"
> {}
