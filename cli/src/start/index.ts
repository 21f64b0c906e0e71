export { readKeys } from "../key-files.ts";
export { networkFiles } from "../network/create-network.ts";
export { type DemonstrationParts, demonstrate, type Stage } from "./demonstration.ts";
export { type Example, exampleTasks } from "./example-tasks.ts";
export { type Ports, portsFrom, requireFree } from "./ports.ts";
export { type RunningNetwork, type StartOptions, withNetwork } from "./start.ts";
