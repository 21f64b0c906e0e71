import { parentPort } from "node:worker_threads";
import { verify } from "@meshwork/crypto";
import { assert } from "@meshwork/foundation";
import type { SignatureJob } from "./signature-pool.ts";

/** A thread that does nothing but check signatures: a batch in, a byte for each out, in their order. */
assert(parentPort, "signature-worker is started by signature-pool");
const port = parentPort;
port.on("message", ({ checks }: SignatureJob) => {
  port.postMessage(
    Uint8Array.from(checks, ({ publicKey, message, signature }) =>
      verify(publicKey, message, signature) ? 1 : 0,
    ),
  );
});
