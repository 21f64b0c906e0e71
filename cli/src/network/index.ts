export { buildGenesis, type FoundingNode, type GenesisPlan } from "./build-genesis.ts";
export {
  createNetwork,
  type Network,
  NetworkError,
  type NetworkParts,
  type NetworkPlan,
  networkFiles,
} from "./create-network.ts";
export { type InvitePlan, makeInvite } from "./make-invite.ts";
export { createMemberKeys, type MemberKeys, memberFiles } from "./member-keys.ts";
export { developmentPolicy, strangersPolicy } from "./policies.ts";
