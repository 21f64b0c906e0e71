import { spawnSync } from "node:child_process";
import { generateKeyPair, sign, verify } from "@meshwork/crypto";
import { systemRandom } from "@meshwork/foundation";
import { type Bench, interleave, operationsPerSecond, row } from "./harness.ts";

const ROUNDS = 5;
const ROUND_MS = 500;

/** Our signatures, with the standard signer ID, held against OpenSSL's own loop in C. */
export const sm2: Bench = {
  name: "sm2",
  about: "SM2 sign and verify of @meshwork/crypto against `openssl speed sm2`",
  async run() {
    const message = systemRandom.bytes(32);
    const keyPair = generateKeyPair();
    const signature = sign(keyPair, message);
    const ours = {
      sign: () => operationsPerSecond(() => sign(keyPair, message), ROUND_MS),
      verify: () =>
        operationsPerSecond(() => {
          if (!verify(keyPair.publicKey, message, signature)) throw new Error("a false no");
        }, ROUND_MS),
    };
    const first = opensslSpeed();
    if (first === null) {
      const { sign: signs, verify: verifies } = await interleave(ours, ROUNDS);
      return {
        rows: [
          row({ metric: "sign", value: signs, unit: "1/s", baseline: null }),
          row({ metric: "verify", value: verifies, unit: "1/s", baseline: null }),
        ],
        missing: ["no baseline: `openssl speed sm2` does not run here; install openssl 3"],
      };
    }
    // One run of OpenSSL gives both numbers: the second is kept for its turn.
    let latest = first;
    const medians = await interleave(
      {
        ...ours,
        opensslSign: () => {
          latest = opensslSpeed() ?? latest;
          return latest.sign;
        },
        opensslVerify: () => latest.verify,
      },
      ROUNDS,
    );
    return {
      rows: [
        row({ metric: "sign", value: medians.sign, unit: "1/s", baseline: medians.opensslSign }),
        row({
          metric: "verify",
          value: medians.verify,
          unit: "1/s",
          baseline: medians.opensslVerify,
        }),
      ],
    };
  },
};

/** Null when there is no `openssl`, or one without SM2. */
function opensslSpeed(): { sign: number; verify: number } | null {
  const { status, stdout } = spawnSync("openssl", ["speed", "-mr", "-seconds", "1", "sm2"], {
    encoding: "utf8",
  });
  // +F7:<index>:<bits>:<name>:<seconds a signature>:<seconds a verification>, or rates, by version.
  const fields = /^\+F\d+:\d+:\d+:CurveSM2:([\d.]+):([\d.]+)$/m.exec(stdout ?? "");
  if (status !== 0 || fields === null) return null;
  const rate = (text: string | undefined) => {
    const value = Number(text);
    return value < 1 ? 1 / value : value;
  };
  return { sign: rate(fields[1]), verify: rate(fields[2]) };
}
