export { Actors, type Conduct, testOrder } from "./actors.ts";
export { candidacy, equivocation, standingNetwork, voteOf } from "./epochs.ts";
export { History } from "./history.ts";
export { rotation } from "./identities.ts";
export { JobPlay, jobOf } from "./jobs.ts";
export { recoveryKeyOf, seeded, seededDigest, type TestMember, testMember } from "./members.ts";
export { TestNetwork } from "./network.ts";
export { type TestNetworkOptions, testPolicy } from "./test-genesis.ts";
export { testRun } from "./test-run.ts";
