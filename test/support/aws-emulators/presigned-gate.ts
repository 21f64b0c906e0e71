import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { Emulator } from "./emulators.ts";

/** What S3 knows of a request when it decides whether it was signed so. */
interface PresignedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Stands before an emulator, none of which checks a presigned request, and checks it as S3 documents
 * ("Authenticating requests: using query parameters", "Checking object integrity").
 */
export async function startPresignedGate(
  service: string,
  { secret, now }: { secret: string; now: () => number },
): Promise<Emulator> {
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { method = "GET", headers } = incoming;
    const url = new URL(incoming.url ?? "/", `http://${headers.host}`);
    const body = Buffer.concat(chunks);
    const refusal = refusalOf({ method, url, headers, body }, secret, now());
    if (refusal !== null) {
      outgoing.writeHead(refusal.status).end(refusal.code);
      return;
    }
    const passed = ["if-none-match", "x-amz-checksum-sha256", "x-amz-sdk-checksum-algorithm"];
    const answer = await fetch(new URL(`${url.pathname}${url.search}`, service), {
      method,
      headers: passed.flatMap((name) => (headers[name] ? [[name, `${headers[name]}`]] : [])),
      ...(method === "PUT" && { body }),
    });
    outgoing.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function refusalOf(request: PresignedRequest, secret: string, now: number) {
  const { url, headers, body } = request;
  const query = (name: string) => url.searchParams.get(`X-Amz-${name}`) ?? "";
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query("Date")) ?? [];
  const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (!(now < signedAt + 1_000 * Number(query("Expires"))))
    return { status: 403, code: "AccessDenied" };
  const signed = query("SignedHeaders").split(";");
  const unsigned = Object.keys(headers).filter(
    (name) => name.startsWith("x-amz-") && !signed.includes(name),
  );
  if (unsigned.length > 0 || !signed.includes("host")) return { status: 403, code: "AccessDenied" };
  if (query("Signature") !== signatureOf(request, secret, signed))
    return { status: 403, code: "SignatureDoesNotMatch" };
  const checksum = headers["x-amz-checksum-sha256"];
  if (checksum !== undefined && checksum !== createHash("sha256").update(body).digest("base64"))
    return { status: 400, code: "BadDigest" };
  return null;
}

function signatureOf(request: PresignedRequest, secret: string, signed: string[]): string {
  const { method, url, headers } = request;
  const parameters = [...url.searchParams].filter(([name]) => name !== "X-Amz-Signature");
  const canonical = [
    method,
    url.pathname,
    parameters
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join("&"),
    ...signed.map((name) => `${name}:${`${headers[name] ?? ""}`.trim()}`),
    "",
    signed.join(";"),
    "UNSIGNED-PAYLOAD",
  ].join("\n");
  const [, ...scope] = (url.searchParams.get("X-Amz-Credential") ?? "").split("/");
  const text = [
    "AWS4-HMAC-SHA256",
    url.searchParams.get("X-Amz-Date"),
    scope.join("/"),
    createHash("sha256").update(canonical).digest("hex"),
  ].join("\n");
  const hmac = (key: string | Buffer, data: string) =>
    createHmac("sha256", key).update(data).digest();
  return hmac(scope.reduce<string | Buffer>(hmac, `AWS4${secret}`), text).toString("hex");
}

/** As the signature wants it: RFC 3986, everything but the unreserved. */
const encode = (text: string) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
