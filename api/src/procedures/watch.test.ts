import { connect } from "node:net";
import { type OrderId, utf8 } from "@meshwork/foundation";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { doorLimits } from "../door-limits.ts";
import { patiently, query, startWorld, type World } from "../testing/world.ts";

let world: World;
let orderId: OrderId;
beforeEach(async () => {
  world = await startWorld();
  orderId = world.gateway.addTask(world.requester.account);
});
afterEach(() => world.stop());

interface SeenEvent {
  event?: string;
  id?: string;
  kind?: string;
}

/** Reads a stream's events as they stand on the wire, until `enough` or its end. */
async function readEvents(
  options: { lastEventId?: string; inQuery?: boolean } = {},
  enough: (event: SeenEvent) => boolean = () => false,
): Promise<SeenEvent[]> {
  const { lastEventId, inQuery } = options;
  const input = inQuery ? { orderId, lastEventId } : { orderId };
  const response = await fetch(world.server.url + query("tasks.watch", input), {
    headers: {
      authorization: `Bearer ${await world.requester.token()}`,
      ...(lastEventId === undefined || inQuery ? {} : { "last-event-id": lastEventId }),
    },
  });
  const events: SeenEvent[] = [];
  let rest = "";
  for await (const chunk of response.body ?? []) {
    rest += new TextDecoder().decode(chunk);
    const blocks = rest.split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event === null) continue;
      events.push(event);
      // Leaving the loop hangs up.
      if (enough(event)) return events;
    }
  }
  return events;
}

function parseEvent(block: string): SeenEvent | null {
  const fields = Object.fromEntries(
    block
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
  ) as { event?: string; id?: string; data?: string };
  if (fields.event === "connected" || fields.data === undefined) return null;
  const data = fields.data === "" ? {} : JSON.parse(fields.data);
  const code: string | undefined = data.data?.meshworkCode;
  return {
    ...(fields.event === undefined ? {} : { event: fields.event }),
    ...(fields.id === undefined ? {} : { id: fields.id }),
    ...(data.kind === undefined ? {} : { kind: data.kind }),
    ...(code === undefined ? {} : { kind: code }),
  };
}

const kinds = (events: SeenEvent[]) => events.map(({ event, kind }) => kind ?? event);

describe("a watcher", () => {
  test("sees every state, each under the ledger's id, and then the end", async () => {
    const reading = readEvents();
    world.gateway.advance(orderId, { kind: "running", result: null, progress: [] });
    world.gateway.advance(orderId, { kind: "closed", result: null });
    world.gateway.conclude(orderId, utf8("x"));
    const events = await reading;
    expect(kinds(events)).toEqual(["submitted", "running", "closed", "done", "return"]);
    const ids = events.slice(0, 4).map((event) => Number(event.id));
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(new Set(ids).size).toBe(4);
  });

  test.each([false, true])(
    "goes on after the last event that it saw (in the query: %s)",
    async (inQuery) => {
      world.gateway.advance(orderId, { kind: "running", result: null, progress: [] });
      const first = await readEvents({}, ({ kind }) => kind === "running");
      world.gateway.advance(orderId, { kind: "closed", result: null });
      world.gateway.conclude(orderId, utf8("x"));
      const lastEventId = first.at(-1)?.id as string;
      expect(kinds(await readEvents({ lastEventId, inQuery }))).toEqual([
        "closed",
        "done",
        "return",
      ]);
    },
  );

  test("who is not the requester is refused, with the code", async () => {
    const response = await fetch(world.server.url + query("tasks.watch", { orderId }));
    expect(await response.text()).toContain("CREDENTIAL_MISSING");
    orderId = world.gateway.addTask(world.stranger.account, "a".repeat(64));
    expect(kinds(await readEvents())).toEqual(["TASK_FOREIGN"]);
  });

  test("who leaves is forgotten", async () => {
    await readEvents({}, () => true);
    await expect.poll(() => world.gateway.watchers, patiently).toBe(0);
  });

  test("does not keep the server from stopping", async () => {
    const reading = readEvents().catch(() => null);
    await expect.poll(() => world.gateway.watchers, patiently).toBe(1);
    await world.server.stop();
    await reading;
    await expect.poll(() => world.gateway.watchers, patiently).toBe(0);
  });

  test("has a bounded number of streams, and gets one back for each that ends", async () => {
    const leave = new AbortController();
    const authorization = `Bearer ${await world.requester.token()}`;
    const open = () =>
      fetch(world.server.url + query("tasks.watch", { orderId }), {
        headers: { authorization },
        signal: leave.signal,
      });
    const streams = await Promise.all(Array.from({ length: doorLimits.watchesPerAccount }, open));
    expect(streams.every((stream) => stream.ok)).toBe(true);
    await expect.poll(() => world.gateway.watchers, patiently).toBe(doorLimits.watchesPerAccount);
    expect(kinds(await readEvents())).toEqual(["TOO_MANY_WATCHES"]);
    leave.abort();
    await expect.poll(() => world.gateway.watchers, patiently).toBe(0);
    expect(kinds(await readEvents({}, () => true))).toEqual(["submitted"]);
  });

  test("who does not read costs a bounded backlog, and the last state still comes", async () => {
    const token = await world.requester.token();
    const socket = connect(world.server.port, "127.0.0.1");
    const request =
      `GET ${query("tasks.watch", { orderId })} HTTP/1.1\r\nhost: x\r\n` +
      `authorization: Bearer ${token}\r\n\r\n`;
    await new Promise<void>((resolve) => socket.write(request, () => resolve()));
    socket.pause();
    await expect.poll(() => world.gateway.watchers, patiently).toBe(1);
    const workers = Array.from({ length: 64 }, (_, i) => ({
      worker: world.requester.account,
      stepsDone: i,
      steps: 64,
    }));
    // 6 KB a state: far more than what kernel and backlog hold together.
    for (let i = 0; i < 3_000; i++) {
      world.gateway.advance(orderId, { kind: "running", result: null, progress: workers });
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    world.gateway.conclude(orderId, utf8("x"));
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    socket.resume();
    await expect.poll(() => text.includes('"kind":"done"'), patiently).toBe(true);
    const states = text.split('"kind":"running"').length - 1;
    expect(states).toBeGreaterThan(doorLimits.watchBacklog);
    expect(states).toBeLessThan(2_900);
    socket.destroy();
  });
});
