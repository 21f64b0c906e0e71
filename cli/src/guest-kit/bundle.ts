import { dirname, resolve } from "node:path";
import type { Message } from "esbuild";
import { CliError } from "../cli-error.ts";

/**
 * A TypeScript or JavaScript module, with all that it imports, as the one script that `js-qjs-v1` takes. The same
 * sources give the same bytes, wherever they lie.
 */
export async function bundle(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const { build } = await import("esbuild");
  const built = await build({
    entryPoints: [resolve(file)],
    absWorkingDir: dirname(resolve(file)), // Else the folder's name would stand in the result.
    bundle: true,
    write: false,
    format: "iife",
    globalName: "program",
    footer: { js: "var { main, steps, step } = program;" },
    platform: "neutral",
    target: "es2023",
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
  }).catch((error: { errors?: Message[] }) => {
    throw cannotBundle(file, error.errors ?? []);
  });
  const [output] = built.outputFiles;
  return new Uint8Array(output?.contents ?? []);
}

function cannotBundle(file: string, errors: readonly Message[]): CliError {
  const what = errors.slice(0, 5).map(({ text, location }) => {
    const where = location ? `${location.file}:${location.line}: ` : "";
    return `${where}${text}`;
  });
  return new CliError(
    "PROGRAM_INVALID",
    `${file} does not become a script: ${what.join("; ")}; a task imports no modules of Node`,
    { detail: { path: file } },
  );
}
