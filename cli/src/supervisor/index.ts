export { type ChildMessage, childMessage, type Ready } from "./child-message.ts";
export {
  createProcessGroup,
  type GroupEvent,
  type ProcessGroup,
  type ProcessGroupOptions,
} from "./process-group.ts";
export { identityOf, isAlive, type ProcessIdentity } from "./process-identity.ts";
export type { ProcessSpec } from "./supervised-process.ts";
