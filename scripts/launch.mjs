// What every launcher of ours does. The sources are TypeScript, which Node runs as it is from
// version 24 on and does not understand before: so this file, plain JavaScript that Node 18 reads,
// looks first.
//
//     #!/usr/bin/env node
//     import { launch } from "../../scripts/launch.mjs";
//     await launch(new URL("../src/main.ts", import.meta.url));
//
// The entry exports `main(args)`. What `main` throws ends the process with `CODE: message`.
//
// A supervisor (see cli/src/supervisor) talks to its child over Node's IPC channel: `main` says
// `process.send?.({ kind: "ready", … })` when it serves, and this file says `{ kind: "failed", … }`
// when `main` throws. A child whose supervisor is gone stops by itself, as upon SIGTERM.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

const OLDEST_MAJOR = 24;
/** sysexits.h: EX_CONFIG. The machine is not set up as it must be. */
const EXIT_CONFIGURATION = 78;
/** After this, a process that should stop and does not is ended. */
const STOP_MS = 10_000;

/**
 * @param {URL} entry a TypeScript module that exports `main(args)`
 * @param {string[]} args what stands before those of the command line
 */
export async function launch(entry, args = []) {
  followParent();
  if (majorOf(process.versions.node) < OLDEST_MAJOR) return again();
  // Types are stripped and code is compiled once, not in each of nine processes.
  module.enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/node", import.meta.url)));
  try {
    const { main } = await import(entry.href);
    module.flushCompileCache();
    await main([...args, ...process.argv.slice(2)]);
  } catch (error) {
    fail(error);
  }
}

function fail(error) {
  const { code, message } = describe(error);
  if (process.connected) process.send({ kind: "failed", code, message });
  process.stderr.write(
    code === "INTERNAL" ? `${error?.stack ?? error}\n` : `${code}: ${message}\n`,
  );
  process.exitCode = error?.exitCode ?? 1;
  // A half-built `main` may hold sockets open.
  stopWithin(1_000);
}

function describe(error) {
  const coded = typeof error?.code === "string" && typeof error?.detail === "object";
  return { code: coded ? error.code : "INTERNAL", message: String(error?.message ?? error) };
}

/** Ends with whoever started us: a supervisor at the other end of the IPC channel, or npm. */
function followParent() {
  if (process.channel) {
    process.once("disconnect", stopAsUponSigterm);
    // The channel alone keeps no process alive.
    process.channel.unref();
  } else if (process.env.npm_lifecycle_event) {
    // npm killed by SIGKILL tells nobody. Its orphan gets another parent.
    const npm = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid === npm) return;
      clearInterval(watch);
      stopAsUponSigterm();
    }, 500);
    watch.unref();
  }
}

function stopAsUponSigterm() {
  stopWithin(STOP_MS);
  process.kill(process.pid, "SIGTERM");
}

function stopWithin(milliseconds) {
  setTimeout(() => process.exit(process.exitCode ?? 1), milliseconds).unref();
}

/** The same command under the Node that the lockfile pins. */
function again() {
  const node = pinnedNode();
  if (node === undefined) {
    process.stderr.write(
      `NODE_TOO_OLD: this is Node ${process.versions.node}, Meshwork needs ${OLDEST_MAJOR} or newer. ` +
        "On Linux and Windows (x64) `npm ci` brings it along; elsewhere install it from https://nodejs.org\n",
    );
    process.exit(EXIT_CONFIGURATION);
  }
  // The channel is there to be broken: it ends the child when this process is killed.
  const child = spawn(node, process.argv.slice(1), {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => child.kill(signal));
  child.on("message", (message) => process.send?.(message));
  return new Promise(() => {
    child.on("exit", (code, signal) => {
      if (signal === null) process.exit(code);
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    });
  });
}

function pinnedNode() {
  const name = process.platform === "win32" ? "bin/node.exe" : "bin/node";
  const platform = process.platform === "win32" ? "win" : process.platform;
  const path = fileURLToPath(
    new URL(`../node_modules/node-${platform}-${process.arch}/${name}`, import.meta.url),
  );
  return existsSync(path) ? path : undefined;
}

function majorOf(version) {
  return Number(version.split(".", 1)[0]);
}
