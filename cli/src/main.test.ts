import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importPrivatePem, importPublicPem, nodeIdOf } from "@meshwork/crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "./main.ts";

/** What a command line prints and how it ends. */
async function meshwork(...args: string[]) {
  let [out, err] = ["", ""];
  const code = await run(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  const lines = out.split("\n").filter(Boolean);
  return { code, out, err, json: () => lines.map((line) => JSON.parse(line)) };
}

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "meshwork-cli-"));
  await meshwork("key", "new", join(folder, "alice"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the command line", () => {
  test("ends in 2 and says what is possible when it makes no sense", async () => {
    for (const args of [
      ["nonsense"],
      ["key", "nonsense"],
      ["key", "show"],
      ["start", "--nodes", "x"],
    ]) {
      const { code, err } = await meshwork(...args);
      expect(code, args.join(" ")).toBe(2);
      expect(err).toContain("--help");
    }
  });

  test("helps, and ends in 0", async () => {
    const { code, out } = await meshwork("--help");
    expect(code).toBe(0);
    for (const name of ["start", "task", "receipt", "network", "node", "key"])
      expect(out).toContain(name);
  });

  test("helps with each of its commands, however deep", async () => {
    const helped: string[] = [];
    const help = async (...names: string[]): Promise<void> => {
      const { code, out, err } = await meshwork(...names, "--help");
      expect([code, err], names.join(" ")).toEqual([0, ""]);
      helped.push(names.join(" "));
      const list = out.split("\nCommands:\n")[1] ?? "";
      for (const [, name] of list.matchAll(/^ {2}([a-z][\w-]*)/gm))
        if (name && name !== "help") await help(...names, name);
    };
    await help();
    expect(helped).toContain("task quote");
    expect(helped.length).toBeGreaterThan(40);
  });

  test("ends in 78 and one coded line when this machine is not set up", async () => {
    const { code, err, out } = await meshwork("key", "show", join(folder, "nobody"));
    expect(code).toBe(78);
    expect(err).toMatch(/^PASSPHRASE_MISSING: .*nobody.*\n$/);
    expect(out).toBe("");
  });

  test("answers programs in JSON, errors too", async () => {
    const shown = await meshwork("--json", "key", "show", join(folder, "alice"));
    expect(shown.json()).toEqual([expect.objectContaining({ kind: "key" })]);
    const failed = await meshwork("--json", "key", "show", join(folder, "nobody"));
    expect(failed.json()).toEqual([
      expect.objectContaining({ kind: "error", code: "PASSPHRASE_MISSING" }),
    ]);
    expect(failed.err).toBe("");
  });
});

describe("keys", () => {
  test("go out as PEM and come in again as the same identity", async () => {
    const at = (name: string) => join(folder, name);
    const [shown] = (await meshwork("--json", "key", "show", at("alice"))).json();
    await meshwork("key", "export", at("alice"), "--out", at("public.pem"));
    await meshwork("key", "export", at("alice"), "--private", "--out", at("private.pem"));
    expect(nodeIdOf(importPublicPem(readFileSync(at("public.pem"), "utf8")))).toBe(shown.nodeId);
    const secret = readFileSync(at("private.pem"), "utf8");
    expect(nodeIdOf(importPrivatePem(secret).publicKey)).toBe(shown.nodeId);

    writeFileSync(at("passphrase"), "correct horse\n", { mode: 0o600 });
    const [imported] = (
      await meshwork(
        ...["--json", "key", "import", at("private.pem")],
        ...["--keystore", at("keystore.json"), "--passphrase-file", at("passphrase")],
      )
    ).json();
    expect(imported.nodeId).toBe(shown.nodeId);
    expect((await meshwork("key", "show", folder)).out).toContain(shown.nodeId);
  });

  test("are never overwritten, nor is a file", async () => {
    const again = await meshwork("key", "new", join(folder, "alice"));
    expect(again).toMatchObject({ code: 78, err: expect.stringContaining("FILE_EXISTS") });
    const taken = join(folder, "taken");
    writeFileSync(taken, "");
    const over = await meshwork("key", "export", join(folder, "alice"), "--out", taken);
    expect(over).toMatchObject({ code: 78, err: expect.stringContaining("FILE_EXISTS") });
  });
});

describe("a network", () => {
  test("is made whole, and lets others in", async () => {
    const home = join(folder, "network");
    const made = await meshwork(
      ...["--json", "network", "create", "--validators", "4", "--dev", "--out", home],
    );
    expect(made.json()).toEqual([
      expect.objectContaining({ kind: "network", nodes: 4, validators: 4 }),
    ]);
    const invited = await meshwork(
      ...["network", "invite", "--genesis", join(home, "genesis.json")],
      ...["--keys", join(home, "operator"), "--relay", "/ip4/192.0.2.1/tcp/7701/p2p/12D3KooX"],
    );
    expect(invited.out).toMatch(/^meshwork-invite-1:[\w-]+\n$/);
  });

  test("with fewer nodes than validators makes no sense", async () => {
    const { code, err } = await meshwork("network", "create", "--validators", "5", "--nodes", "4");
    expect(code).toBe(2);
    expect(err).toContain("raise --nodes");
  });

  test("is refused when its genesis is none", async () => {
    const path = join(folder, "broken.json");
    writeFileSync(path, "{}");
    const { code, err } = await meshwork("receipt", "verify", path, "--genesis", path);
    expect(code).toBe(78);
    expect(err).toMatch(/^GENESIS_INVALID: /);
  });
});
