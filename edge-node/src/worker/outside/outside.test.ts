import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OrderId, systemClock } from "@meshwork/foundation";
import { type Outside, transcript, transcriptHash } from "@meshwork/protocol";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { TaskRun } from "../../runtime/run-task.ts";
import type { HostTask } from "../../runtime/runtime.ts";
import { createAskModel, type ModelQuestion } from "./ask-model.ts";
import { fetchHostFlaw, fetchHosts } from "./fetch-hosts.ts";
import { createFetchPage } from "./fetch-page.ts";
import { runOutside } from "./outside.ts";
import { isPublicAddress } from "./private-address.ts";
import { recordWorld } from "./record-world.ts";
import { replayWorld } from "./replay-world.ts";
import { openTranscriptBook } from "./transcript-book.ts";

const parts = { clock: systemClock };
const { signal } = new AbortController();

let server: Server | null = null;
afterEach(() => void server?.close());

/** Somebody's server on this machine; its origin. */
async function serve(answer: RequestListener): Promise<string> {
  server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("addresses", () => {
  test.each([
    ...["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"],
    ...["0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fd00::1", "ff02::1"],
    ...["::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1"],
    ...["localhost", "", "8.8.8", "0x7f.1"],
  ])("%s is not on the internet", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each(["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700::1111"])("%s is", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});

describe("what the owner lets programs fetch", () => {
  const allows = (list: string[], url: string) => fetchHosts(list).allows(new URL(url));

  test("is a host by https, all names under one, or an origin; and nothing near it", () => {
    expect(allows(["api.example.org"], "https://api.example.org/x?y")).toBe(true);
    for (const other of [
      ...["http://api.example.org/", "https://api.example.org:8443/", "https://example.org/"],
      ...["https://x.api.example.org/", "https://api.example.org.evil.net/"],
    ])
      expect(allows(["api.example.org"], other)).toBe(false);
    expect(allows(["*.example.org"], "https://a.b.example.org/")).toBe(true);
    expect(allows(["*.example.org"], "https://example.org/")).toBe(false);
    expect(allows(["*.example.org"], "https://evilexample.org/")).toBe(false);
    expect(allows(["http://127.0.0.1:8080"], "http://127.0.0.1:8080/a")).toBe(true);
    expect(allows(["http://127.0.0.1:8080"], "http://127.0.0.1:8081/a")).toBe(false);
  });

  test("is refused at the start when it is neither", () => {
    for (const wrong of ["*", "org", "https://example.org/path", "ftp://example.org", "a b", ""])
      expect(fetchHostFlaw(wrong)).toContain("neither a host");
    for (const right of ["example.org", "*.example.org", "http://[::1]:80".replace(":80", ":81")])
      expect(fetchHostFlaw(right)).toBeNull();
  });
});

describe("a page", () => {
  const fetchFrom = (hosts: string[], address: string, origins = hosts) =>
    createFetchPage(parts, { hosts })(address, { origins, signal });

  test("comes as text, or in base64 where it is none, with its status", async () => {
    const origin = await serve(({ url }, response) => {
      response.writeHead(url === "/text" ? 200 : 404, { "content-type": "text/plain" });
      response.end(url === "/text" ? "grüezi" : Buffer.from([0xff, 0]));
    });
    const page = { type: "text/plain" };
    expect(await fetchFrom([origin], `${origin}/text#part`)).toEqual({
      ...{ ...page, status: 200, body: "grüezi" },
    });
    expect(await fetchFrom([origin], `${origin}/x`)).toEqual({
      ...{ ...page, status: 404, base64: "/wA=" },
    });
  });

  test("is fetched only from where the contract and the owner both allow", async () => {
    const origin = await serve((_, response) => response.end("secret"));
    await expect(fetchFrom([origin], `${origin}/`, [])).rejects.toMatchObject({
      code: "NOT_IN_CONTRACT",
    });
    await expect(fetchFrom([], `${origin}/`, [origin])).rejects.toMatchObject({
      code: "NOT_SERVED",
    });
    for (const address of ["file:///etc/passwd", "http://user:pass@example.org", "no address"])
      await expect(fetchFrom([origin], address)).rejects.toMatchObject({ code: "REQUEST_INVALID" });
  });

  test("is not fetched by a name that leads into the owner's own net", async () => {
    const { port } = new URL(await serve((_, response) => response.end("secret")));
    const origin = `http://localhost:${port}`;
    await expect(fetchFrom([origin], `${origin}/`)).rejects.toMatchObject({
      code: "ADDRESS_REFUSED",
    });
  });

  test("may lead elsewhere, three times, and only where it was allowed to be in the first place", async () => {
    const origin = await serve(({ url = "" }, response) => {
      const left = Number(url.slice(1));
      const location = url === "/away" ? "http://169.254.169.254/" : `/${left - 1}`;
      if (left === 0) response.end("there");
      else response.writeHead(302, { location }).end();
    });
    expect(await fetchFrom([origin], `${origin}/3`)).toMatchObject({ body: "there" });
    await expect(fetchFrom([origin], `${origin}/4`)).rejects.toMatchObject({
      code: "TOO_MANY_REDIRECTS",
    });
    await expect(fetchFrom([origin], `${origin}/away`)).rejects.toMatchObject({
      code: "NOT_IN_CONTRACT",
    });
    const away = "http://169.254.169.254";
    const both = [origin, away];
    await expect(fetchFrom([origin], `${origin}/away`, both)).rejects.toMatchObject({
      code: "NOT_SERVED",
    });
  });

  test("is given up when it is too long", async () => {
    const origin = await serve((_, response) => response.end(Buffer.alloc((1 << 20) + 1)));
    await expect(fetchFrom([origin], `${origin}/`)).rejects.toMatchObject({ code: "TOO_LARGE" });
  });

  test("is given up when the server turns to another protocol", async () => {
    const origin = await serve(() => {});
    server?.on("upgrade", () => {});
    server?.on("connection", (socket: Socket) =>
      socket.once("data", () =>
        socket.write("HTTP/1.1 101 Other\r\nupgrade: other\r\nconnection: upgrade\r\n\r\n"),
      ),
    );
    await expect(fetchFrom([origin], `${origin}/`)).rejects.toMatchObject({ code: "UNREACHABLE" });
  });

  test("is given up when it does not come in time", async () => {
    const origin = await serve(() => {});
    const clock = {
      ...systemClock,
      setTimer: (_: number, call: () => void) => systemClock.setTimer(20, call),
    };
    const slow = createFetchPage({ clock }, { hosts: [origin] })(`${origin}/`, {
      origins: [origin],
      signal,
    });
    await expect(slow).rejects.toMatchObject({ code: "TIMEOUT" });
  });
});

describe("a language model", () => {
  const question: ModelQuestion = {
    kind: "model",
    temperature: 0,
    maxTokens: 10,
    seed: 1,
    messages: [{ role: "user", content: "2 + 2?" }],
  };

  test("is asked as OpenAI's endpoint is, with the owner's key and model", async () => {
    const heard: unknown[] = [];
    const origin = await serve(async (request, response) => {
      const { url, headers } = request;
      heard.push(url, headers.authorization, JSON.parse(String(await request.toArray())));
      response.end(JSON.stringify({ model: "small-1", choices: [{ message: { content: "4" } }] }));
    });
    const place = { url: `${origin}/v1/`, name: "small", key: "sesame" };
    const answer = await createAskModel(parts, place)(question, signal);
    expect(answer).toEqual({ text: "4", model: "small-1" });
    const { kind: _, maxTokens: max_tokens, ...asked } = question;
    expect(heard).toEqual([
      ...["/v1/chat/completions", "Bearer sesame"],
      { model: "small", max_tokens, ...asked },
    ]);
  });

  test("that fails tells neither where it is nor what it said", async () => {
    const origin = await serve((_, response) => response.writeHead(401).end("key sesame is wrong"));
    const ask = (url: string) =>
      createAskModel(parts, { url, name: "small", key: "sesame" })(question, signal);
    for (const url of [origin, "http://127.0.0.1:1"]) {
      const error = await ask(url).catch((thrown: Error) => thrown);
      expect(error).toMatchObject({ code: "MODEL_FAILED" });
      expect(String(error)).not.toMatch(/sesame|127\.0\.0\.1/);
    }
  });
});

describe("a transcript", () => {
  const outside: Outside = { origins: ["https://a.example"], model: true };
  const services = {
    fetchPage: async (url: string) => ({ status: 200, type: "", body: url }),
    askModel: null,
  };
  const ask = (url: string) => JSON.stringify({ kind: "fetch", url });
  const record = (asked: typeof services, withinMs = 60_000) =>
    recordWorld({ ...parts, services: asked }, { outside, signal, withinMs });

  test("holds all that the world said, refusals too, and is heard again word by word", async () => {
    const world = record(services);
    const requests = [ask("https://a.example/1"), "no question", JSON.stringify({ kind: "model" })];
    const said = [...(await world.answer(requests)), ...(await world.answer([ask("again")]))];
    expect(said.map((text) => Object.keys(JSON.parse(text)))).toEqual([
      ...[["value"], ["error"], ["error"], ["value"]],
    ]);
    const kept = transcript.decode(transcript.encode(world.transcript()));
    expect(transcriptHash(kept)).toBe(transcriptHash(world.transcript()));
    const replayed = replayWorld(kept);
    expect(await replayed.answer(requests)).toEqual(said.slice(0, 3));
    expect(replayed.isSpent()).toBe(false);
    await expect(replayed.answer([ask("other")])).rejects.toMatchObject({
      code: "TRANSCRIPT_DOES_NOT_FIT",
    });
    expect(await replayed.answer([ask("again")])).toEqual(said.slice(3));
    expect(replayed.isSpent()).toBe(true);
    await expect(replayed.answer([ask("again")])).rejects.toMatchObject({
      code: "TRANSCRIPT_DOES_NOT_FIT",
    });
  });

  test("stays within what others will read, however much the world says", async () => {
    const body = "x".repeat(1_500_000);
    const wordy = { ...services, fetchPage: async () => ({ status: 200, type: "", body }) };
    const world = record(wordy);
    for (let i = 0; i < 8; i++)
      await world.answer(Array.from({ length: 8 }, () => ask("https://a.example/")));
    const kept = world.transcript();
    expect(kept.exchanges).toHaveLength(64);
    expect(transcript.decode(transcript.encode(kept))).toEqual(kept);
    expect(kept.exchanges.at(-1)?.answer).toContain("the transcript is full");
  });

  test("waits for the world so long and no longer, however many questions there are", async () => {
    const origin = await serve(() => {});
    const fetchPage = createFetchPage(parts, { hosts: [origin] });
    const world = recordWorld(
      { ...parts, services: { fetchPage, askModel: null } },
      { outside: { origins: [origin], model: false }, signal, withinMs: 20 },
    );
    for (let i = 0; i < 3; i++)
      expect(await world.answer([ask(`${origin}/`), ask(`${origin}/x`)])).toEqual([
        expect.stringContaining("TIMEOUT"),
        expect.stringContaining("TIMEOUT"),
      ]);
    expect(world.transcript().exchanges).toHaveLength(6);
  });

  test("is kept from the run to the reveal: a node that was killed says the same again", async () => {
    const folder = mkdtempSync(join(tmpdir(), "meshwork-transcripts-"));
    const assignment = { orderId: "0a".repeat(32) as OrderId, attempt: 1, role: "worker" } as const;
    let said = 0;
    const fetchPage = async () => ({ status: 200, type: "", body: String(said++) });
    const run = async ({ world }: Pick<HostTask, "world">) => {
      const answers = await world?.answer([ask("https://a.example/")]);
      return answers as unknown as TaskRun;
    };
    const begin = async () =>
      runOutside(
        {
          ...parts,
          services: { fetchPage, askModel: null, serves: () => true },
          transcripts: await openTranscriptBook(folder),
        },
        assignment,
        { outside, signal, withinMs: 60_000, run },
      );
    const first = await begin();
    expect(await begin()).toEqual(first);
    expect(said).toBe(1);
    await (await openTranscriptBook(folder)).forget(assignment.orderId);
    expect(readdirSync(folder)).toEqual([]);
    expect((await begin()).transcript).not.toEqual(first.transcript);
    rmSync(folder, { recursive: true });
  });

  test("answers whatever a program asks, and never breaks on it", async () => {
    const world = record(services);
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (request) => {
        const [answer = ""] = await record(services).answer([request]);
        return "error" in JSON.parse(answer);
      }),
    );
    expect(world.transcript().exchanges).toEqual([]);
  });
});
