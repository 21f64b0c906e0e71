import { assert } from "@meshwork/foundation";
import { Stack } from "aws-cdk-lib";
import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import { type IGrantable, PolicyStatement, Role } from "aws-cdk-lib/aws-iam";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import { accept } from "./accept.ts";

export interface Storage {
  readonly taskData: IBucket;
  readonly ledger: IBucket;
  readonly anchors: ITable;
}

/** Below these, and nowhere else, members read and write. */
const OBJECTS = "objects";
const SNAPSHOTS = "snapshots";

/** What names the stores to the programs. Each of them gets the rights that its member was granted. */
export const storeSettings = ({ taskData, ledger, anchors }: Storage) => ({
  MESHWORK_TASK_DATA: `s3://${taskData.bucketName}/${OBJECTS}`,
  MESHWORK_SNAPSHOTS: `s3://${ledger.bucketName}/${SNAPSHOTS}`,
  MESHWORK_ANCHORS: `dynamodb://${anchors.tableName}`,
});

/** Task data comes and is read; who may write may not delete. */
export function grantTaskData(grantee: IGrantable, { taskData }: Storage): void {
  allow(grantee, taskData.bucketArn, LIST);
  allow(grantee, taskData.arnForObjects(`${OBJECTS}/*`), [...READ, ...WRITE]);
  acceptObjects(grantee, taskData, OBJECTS);
}

/** To join by snapshot. */
export function grantSnapshotRead(grantee: IGrantable, { ledger, anchors }: Storage): void {
  allow(grantee, ledger.bucketArn, LIST);
  allow(grantee, ledger.arnForObjects(`${SNAPSHOTS}/*`), READ);
  acceptObjects(grantee, ledger, SNAPSHOTS);
  allow(grantee, anchors.tableArn, ["dynamodb:GetItem"]);
}

/** To publish one: it adds objects and entries and moves the head. Nothing here can delete. */
export function grantSnapshotWrite(grantee: IGrantable, storage: Storage): void {
  grantSnapshotRead(grantee, storage);
  allow(grantee, storage.ledger.arnForObjects(`${SNAPSHOTS}/*`), WRITE);
  allow(grantee, storage.anchors.tableArn, ["dynamodb:PutItem"]);
}

/** Without it S3 answers 403 to a question for an object that is not there. */
const LIST = ["s3:ListBucket"];
const READ = ["s3:GetObject"];
const WRITE = ["s3:PutObject", "s3:AbortMultipartUpload"];

function allow(grantee: IGrantable, resource: string, actions: readonly string[]): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: [...actions], resources: [resource] }),
  );
}

/** The finding names the bucket as the grantee's stack sees it: by the name of its export. */
function acceptObjects({ grantPrincipal }: IGrantable, bucket: IBucket, prefix: string): void {
  assert(grantPrincipal instanceof Role, "members act by roles of their own");
  const home = Stack.of(bucket);
  const { "Fn::ImportValue": name } = home.resolve(home.exportValue(bucket.bucketArn));
  accept(
    grantPrincipal,
    `IAM5[Resource::${name}/${prefix}/*]`,
    "Objects are named by their content, so not beforehand; one prefix of one bucket, no deletion",
  );
}
