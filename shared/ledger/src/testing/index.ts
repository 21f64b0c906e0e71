export { Actors, type Conduct, testOrder, testRun } from "./actors.ts";
export {
  seeded,
  seededDigest,
  type TestMember,
  TestNetwork,
  type TestNetworkOptions,
  testMember,
  testPolicy,
} from "./network.ts";
