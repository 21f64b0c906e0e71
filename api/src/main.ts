import { openGateway } from "./gateway.ts";
import { runApi } from "./run-api.ts";

/** The API's process: a gateway node with an HTTP server before it. */
export const main = (): Promise<void> => runApi({ environment: process.env, openGateway });
