import { createLog, createMetrics } from "@meshwork/observability";
import { runApi } from "../run-api.ts";
import { FakeGateway } from "./fake-gateway.ts";

/** The process of the API with a fake node behind it, for the test of its life. */
export const main = (): Promise<void> =>
  runApi({
    environment: process.env,
    async openGateway({ FAKE_NETWORK }) {
      // As a node does, it keeps the process alive until it is stopped.
      const alive = setInterval(() => {}, 60_000);
      if (FAKE_NETWORK === "unreachable") {
        process.send?.({ kind: "looking" });
        await new Promise(() => {});
      }
      return {
        gateway: new FakeGateway(),
        log: createLog({ level: "info" }),
        metrics: createMetrics(),
        async stop() {
          clearInterval(alive);
        },
      };
    },
  });
