import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportPrivatePem } from "@meshwork/crypto";
import { type ChainId, type OrderId, utf8 } from "@meshwork/foundation";
import type { Outcome } from "@meshwork/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FAKE_CHAIN } from "../testing/fake-gateway.ts";
import { doubling, patiently, startWorld, type World } from "../testing/world.ts";
import { createMeshwork, type MeshworkOptions } from "./meshwork.ts";

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.stop());

const mesh = (options: Partial<MeshworkOptions> = {}) =>
  createMeshwork({ url: world.server.url, key: world.requester.keyPair, ...options });

/** Ends each order as soon as its state is seen. */
const concludeWith = (output: string, outcome: Outcome = "verified") => ({
  onState({ kind, orderId }: { kind: string; orderId: OrderId }) {
    if (kind === "submitted") world.gateway.conclude(orderId, utf8(output), outcome);
  },
});

describe("a run", () => {
  test("returns the checked, typed output with its receipt, and shows each state", async () => {
    const states: string[] = [];
    const done = await mesh().run(doubling, 21, {
      onState(state) {
        states.push(state.kind);
        concludeWith("42").onState(state);
      },
    });
    expect(states).toEqual(["submitted", "done"]);
    expect(done).toMatchObject({ output: 42, outcome: "verified", fuel: 2n ** 60n });
    expect(done.receipt).toEqual(utf8(`receipt ${done.orderId}`));
    const sent = world.gateway.placed[0]?.objects.map((bytes) =>
      new TextDecoder().decode(bytes ?? undefined),
    );
    expect(sent).toEqual([new TextDecoder().decode(doubling.program), "21"]);
  });

  test.each<[Outcome, string]>([
    ["failed", "TASK_FAILED"],
    ["disputed", "TASK_DISPUTED"],
    ["inconclusive", "TASK_INCONCLUSIVE"],
    ["revoked", "TASK_REVOKED"],
  ])("that ends %s throws %s", async (outcome, code) => {
    await expect(mesh().run(doubling, 1, concludeWith("2", outcome))).rejects.toMatchObject({
      code,
    });
  });

  test("whose output does not fit the task's schema throws", async () => {
    const run = mesh().run(doubling, 1, concludeWith('"two"'));
    await expect(run).rejects.toMatchObject({ code: "TASK_OUTPUT_INVALID" });
  });

  test("with an input that does not fit sends nothing at all", async () => {
    let sent = 0;
    const counting: typeof fetch = (...args) => {
      sent++;
      return fetch(...args);
    };
    const run = mesh({ fetch: counting }).run(doubling, "21" as never);
    await expect(run).rejects.toMatchObject({ code: "TASK_INPUT_INVALID" });
    expect(sent).toBe(0);
  });

  test("with an output that was changed on its way throws", async () => {
    const lying: typeof fetch = async (...args) => {
      const response = await fetch(...args);
      if (!String(args[0]).includes("tasks.result")) return response;
      return Response.json(JSON.parse((await response.text()).replace('"NDI="', '"NDM="')));
    };
    const run = mesh({ fetch: lying }).run(doubling, 21, concludeWith("42"));
    await expect(run).rejects.toMatchObject({ code: "RESULT_HASH_MISMATCH" });
  });

  test("that is aborted stops waiting", async () => {
    const abort = new AbortController();
    const run = mesh().run(doubling, 1, {
      signal: abort.signal,
      onState: () => abort.abort(new Error("enough")),
    });
    await expect(run).rejects.toThrow("enough");
    await expect.poll(() => world.gateway.watchers, patiently).toBe(0);
  });

  test("outlives lost connections, and sees no state twice", async () => {
    let streams = 0;
    const lossy: typeof fetch = async (...args) => {
      const response = await fetch(...args);
      if (!String(args[0]).includes("tasks.watch") || ++streams > 3) return response;
      // The first state comes through, then the line is cut.
      const cut = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, out) {
          out.enqueue(chunk);
          if (new TextDecoder().decode(chunk).includes("id: ")) out.error(new Error("cut"));
        },
      });
      return new Response(response.body?.pipeThrough(cut) ?? null, response);
    };
    const states: string[] = [];
    const running = mesh({ fetch: lossy }).run(doubling, 21, {
      onState(state) {
        states.push(state.kind);
        if (state.kind === "submitted")
          world.gateway.advance(state.orderId, { kind: "running", result: null, progress: [] });
        if (state.kind === "running")
          world.gateway.advance(state.orderId, { kind: "closed", result: null });
        if (state.kind === "closed") world.gateway.conclude(state.orderId, utf8("42"));
      },
    });
    expect((await running).output).toBe(42);
    expect(states).toEqual(["submitted", "running", "closed", "done"]);
    expect(streams).toBeGreaterThan(1);
  });
});

describe("a client", () => {
  test("takes a PEM, and refuses what is none", async () => {
    const pem = exportPrivatePem(world.requester.keyPair);
    expect((await mesh({ key: { pem } }).run(doubling, 1, concludeWith("2"))).output).toBe(2);
    await expect(mesh({ key: { pem: "no key" } }).submit(doubling, 1)).rejects.toMatchObject({
      code: "KEY_INVALID",
    });
  });

  test("talks to the network that was meant, and to no other", async () => {
    await mesh({ chainId: FAKE_CHAIN }).submit(doubling, 1);
    const other = mesh({ chainId: "d".repeat(64) as ChainId }).submit(doubling, 1);
    await expect(other).rejects.toMatchObject({ code: "WRONG_NETWORK" });
  });

  test("says so when there is no API at the URL", async () => {
    const nothing = createServer((_, response) => response.end("hello"));
    await new Promise<void>((resolve) => nothing.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(nothing.address() as AddressInfo).port}`;
    await expect(mesh({ url }).submit(doubling, 1)).rejects.toMatchObject({
      code: "ANSWER_INVALID",
    });
    nothing.close();
    await expect(mesh({ url }).receipt("a".repeat(64) as OrderId)).rejects.toMatchObject({
      code: "UNREACHABLE",
    });
    for (const bad of ["no url", "ftp://x", "http://x/with/path"])
      await expect(mesh({ url: bad }).submit(doubling, 1)).rejects.toMatchObject({
        code: "URL_INVALID",
      });
  });

  test("passes the server's refusals on with their codes", async () => {
    const foreign = world.gateway.addTask(world.stranger.account);
    await expect(mesh().result(foreign)).rejects.toMatchObject({ code: "TASK_FOREIGN" });
    await expect(mesh().watch(foreign).next()).rejects.toMatchObject({ code: "TASK_FOREIGN" });
  });

  test("opens a new session, over a new socket, when the server was started anew", async () => {
    const { keyPair, account } = world.requester;
    const one = mesh();
    expect(await one.receipt(world.gateway.addTask(account))).toBeNull();
    const { port } = world.server;
    await world.stop();
    world = await startWorld({ port });
    world.gateway.addAccount(keyPair);
    expect(await one.receipt(world.gateway.addTask(account))).toBeNull();
  });

  test("signs each request where others could read a token", async () => {
    const schemes: string[] = [];
    const { port } = world.server;
    const overTheNet: typeof fetch = (url, init) => {
      const headers = new Headers(init?.headers);
      schemes.push(headers.get("authorization")?.split(" ")[0] ?? "none");
      return fetch(String(url).replace("api.example.org", `127.0.0.1:${port}`), init);
    };
    const remote = mesh({ url: "http://api.example.org", fetch: overTheNet });
    await remote.run(doubling, 1, concludeWith("2"));
    expect(new Set(schemes)).toEqual(new Set(["none", "Meshwork"]));
    expect(schemes.filter((scheme) => scheme === "none").length).toBe(1);
  });

  test("reads what everybody may read by the typed client", async () => {
    const trpc = await mesh().trpc();
    expect((await trpc.network.get.query()).chainId).toBe(FAKE_CHAIN);
    expect((await trpc.nodes.list.query()).nodes.length).toBe(3);
  });
});
