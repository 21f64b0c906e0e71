import { parentPort } from "node:worker_threads";
import { verifyPacked } from "@meshwork/crypto";
import { assert } from "@meshwork/foundation";

/** A thread that does nothing but check signatures: a batch in, a byte for each out, in their order. */
assert(parentPort, "signature-worker is started by signature-pool");
const port = parentPort;
port.on("message", (packed: Uint8Array) => {
  const verdicts = verifyPacked(packed);
  port.postMessage(verdicts, [verdicts.buffer]);
});
