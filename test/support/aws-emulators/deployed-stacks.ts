import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const repository = fileURLToPath(new URL("../../..", import.meta.url));

/** The stacks that moto holds; the others need secrets made by CloudFormation. */
const stacks = ["meshwork-network", "meshwork-data", "meshwork-cluster"];

/** What must be said for the whole app to synthesise. */
const context = ["domain=mesh.example.org", "hostedZoneId=Z0123456789ABC"];

export interface DeployedStacks {
  readonly ledgerBucket: string;
  readonly taskDataBucket: string;
  readonly anchorTable: string;
}

/** What a program's environment says when it is to speak to `endpoint` and to nobody else. */
export const environmentOf = (endpoint: string): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_REGION: "us-east-1",
  AWS_EC2_METADATA_DISABLED: "true",
  // An address, not a name: the SDK then puts the bucket into the path.
  AWS_ENDPOINT_URL: endpoint,
});

/** A real `cdk bootstrap` and `cdk deploy` of this repository's app, and what came of it. */
export async function deployStacks(endpoint: string): Promise<DeployedStacks> {
  const work = await mkdtemp(join(tmpdir(), "meshwork-deploy-"));
  const outputs = join(work, "outputs.json");
  const cdk = (...args: string[]) =>
    runCdk(endpoint, [
      ...args,
      ...["--output", join(work, "cdk.out")],
      ...context.flatMap((pair) => ["-c", pair]),
    ]);
  try {
    await cdk("bootstrap", "aws://123456789012/us-east-1");
    const options = ["--method", "direct", "--require-approval", "never"];
    await cdk("deploy", ...stacks, ...options, "--outputs-file", outputs);
    const { "meshwork-data": made } = JSON.parse(await readFile(outputs, "utf8"));
    return {
      ledgerBucket: made.LedgerBucket,
      taskDataBucket: made.TaskDataBucket,
      anchorTable: made.AnchorTable,
    };
  } finally {
    await rm(work, { recursive: true });
  }
}

async function runCdk(endpoint: string, args: string[]): Promise<void> {
  const command = join(repository, "node_modules", ".bin", "cdk");
  const env = {
    ...process.env,
    ...environmentOf(endpoint),
    // moto finds a template in a path only under this name.
    AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION: endpoint.replace("127.0.0.1", "localhost"),
    CDK_DISABLE_CLI_TELEMETRY: "1",
  };
  await promisify(execFile)(command, args, { cwd: repository, env, maxBuffer: 1 << 24 });
}
