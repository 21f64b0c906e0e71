import { CodedError } from "@meshwork/foundation";

/** Why an order was not taken. Each message says which value is wrong and what to do. */
export class OrderError extends CodedError<
  | "CONTRACT_FLAWED"
  | "ORDER_NOT_A_SUBMIT"
  | "ORDER_WRONG_NETWORK"
  | "CONTRACT_HASH_MISMATCH"
  | "OBJECT_MISSING"
  | "OBJECT_HASH_MISMATCH"
  /** An object that should be a file, or the other way round. */
  | "INPUT_SIZE_WRONG"
  | "ORDER_UNKNOWN"
> {}
