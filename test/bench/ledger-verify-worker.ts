import { parentPort, workerData } from "node:worker_threads";
import { generateKeyPair, sign, verify } from "@meshwork/crypto";
import { systemRandom } from "@meshwork/foundation";
import { operationsPerSecond } from "./harness.ts";

/** One core's SM2 checks a second, while its like do the same on the others. */
const { durationMs } = workerData as { durationMs: number };
const keyPair = generateKeyPair();
const message = systemRandom.bytes(32);
const signature = sign(keyPair, message);
const check = () => {
  if (!verify(keyPair.publicKey, message, signature)) throw new Error("a false no");
};
operationsPerSecond(check, durationMs / 4);
parentPort?.postMessage(operationsPerSecond(check, durationMs));
