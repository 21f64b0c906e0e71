export { main } from "./main.ts";
export { type Relay, type RelayOptions, type RelayParts, startRelay } from "./relay.ts";
