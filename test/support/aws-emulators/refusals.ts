import type { Fault } from "./faulty-line.ts";

type Refusal = Extract<Fault, { kind: "answer" }>;

/** As S3 refuses: in XML. */
export const s3Answer = (status: number, code: string): Refusal => ({
  kind: "answer",
  status,
  headers: { "content-type": "application/xml" },
  body: `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>${code}</Code><Message>as the test asked</Message><RequestId>1</RequestId></Error>`,
});

/** As DynamoDB refuses: in JSON, mostly with 400. */
export const dynamoAnswer = (status: number, code: string, message = "as asked"): Refusal => ({
  kind: "answer",
  status,
  headers: { "content-type": "application/x-amz-json-1.0" },
  body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${code}`, message }),
});
