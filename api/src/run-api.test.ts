import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";

const entry = fileURLToPath(new URL("./testing/fake-api.mjs", import.meta.url));
let children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children = [];
});

interface Started {
  child: ChildProcess;
  /** What it says over IPC, or null when it ends without a word. */
  said: { kind: string; url: string; code?: string } | null;
  exit: Promise<number | null>;
  errors: () => string;
}

async function start(environment: Record<string, string>): Promise<Started> {
  const child = spawn(process.execPath, [entry], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: { PATH: process.env.PATH, ...environment },
  });
  children.push(child);
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk) => {
    errors += chunk;
  });
  const exit = once(child, "exit").then(([code]) => code as number | null);
  const said = await Promise.race([
    once(child, "message").then(([message]) => message as Started["said"]),
    exit.then(() => null),
  ]);
  return { child, said, exit, errors: () => errors };
}

describe("the process of the API", () => {
  test("says where it serves, and stops upon SIGTERM", async () => {
    const { child, said, exit } = await start({ MESHWORK_API_PORT: "0" });
    expect(said).toMatchObject({
      kind: "ready",
      url: expect.stringContaining("http://127.0.0.1:"),
    });
    expect((await fetch(`${said?.url}/readyz`)).status).toBe(200);
    child.kill("SIGTERM");
    expect(await exit).toBe(0);
  });

  test("ends with the process that started it", async () => {
    const { child, exit } = await start({ MESHWORK_API_PORT: "0" });
    child.disconnect();
    expect(await exit).toBe(0);
  });

  test("can be stopped while its node still looks for the network", async () => {
    const { child, said, exit } = await start({ FAKE_NETWORK: "unreachable" });
    expect(said).toEqual({ kind: "looking" });
    child.kill("SIGINT");
    expect(await exit).toBe(0);
  });

  test("names a busy port and ends", async () => {
    const first = await start({ MESHWORK_API_PORT: "0" });
    const port = new URL(first.said?.url ?? "").port;
    const second = await start({ MESHWORK_API_PORT: port });
    expect(second.said).toMatchObject({ kind: "failed", code: "LISTEN_PORT_BUSY" });
    expect(await second.exit).toBe(1);
    expect(second.errors()).toContain(`port ${port}`);
  });

  test("ends with 78 upon a wrong setting, naming it", async () => {
    const { exit, errors, said } = await start({ MESHWORK_API_PORT: "http" });
    expect(said).toMatchObject({ kind: "failed", code: "CONFIG_INVALID" });
    expect(await exit).toBe(78);
    expect(errors()).toMatch(/MESHWORK_API_PORT is "http": a port is a number/);
  });
});

describe("the settings", () => {
  test("have safe defaults, and what is the node's is left to the node", () => {
    expect(readConfig({ MESHWORK_DATA: "/x", HOME: "/root" })).toEqual({
      host: "127.0.0.1",
      port: 7_700,
      trustProxy: false,
      corsOrigins: [],
      callsPerSecond: 100,
      nodeEnvironment: { MESHWORK_DATA: "/x", HOME: "/root" },
    });
  });

  test.each([
    { MESHWORK_API_PORT: "70000" },
    { MESHWORK_API_PROT: "1" },
    { MESHWORK_API_TRUST_PROXY: "yes" },
    { MESHWORK_API_CORS_ORIGINS: "https://a.example/path" },
    { MESHWORK_API_CALLS_PER_SECOND: "0" },
  ])("refuse what is wrong, naming variable and value: %o", (environment) => {
    const [[name]] = Object.entries(environment) as [[string, string]];
    expect(() => readConfig(environment)).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        exitCode: 78,
        message: expect.stringContaining(name),
      }),
    );
  });

  test("of origins are a list", () => {
    const list = "https://a.example, http://localhost:5173";
    expect(readConfig({ MESHWORK_API_CORS_ORIGINS: list }).corsOrigins).toEqual([
      "https://a.example",
      "http://localhost:5173",
    ]);
  });
});
