import { spawnSync } from "node:child_process";

/** By Debian's names; the runtime library of the compiler bears its version in some of them. */
const packages = ["make", "clang", "lld", "wasi-libc", "libclang-rt-dev-wasm32"];

/** The first step: the compiler is there, or is installed, or the run ends saying what is missing. */
export default function install(): void {
  if (compiles()) return;
  const isRoot = process.platform === "linux" && process.getuid?.() === 0;
  if (isRoot) {
    run("apt-get", ["update"]);
    run("apt-get", ["install", "--yes", "--no-install-recommends", ...packages]);
  }
  const reason = compiles() ? null : spawn("clang", COMPILE).stderr || "there is no clang";
  if (reason === null) return;
  throw new Error(
    `no C compiler for wasm32-wasi: install ${packages.join(", ")} (Debian, Ubuntu; there as root), or the WASI SDK\n${reason}`,
  );
}

/** A whole program: the linker and both libraries are needed, too. */
const COMPILE = ["--target=wasm32-wasi", "-x", "c", "-o", "/dev/null", "-"];

const compiles = (): boolean =>
  spawn("make", ["--version"]).status === 0 && spawn("clang", COMPILE).status === 0;

const spawn = (command: string, args: string[]) =>
  spawnSync(command, args, {
    encoding: "utf8",
    input: "int main(void) { return 0; }",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });

function run(command: string, args: string[]): void {
  const { status, stderr, error } = spawn(command, args);
  if (status !== 0)
    throw new Error(`${command} ${args.join(" ")} failed\n${error?.message ?? stderr}`);
}
