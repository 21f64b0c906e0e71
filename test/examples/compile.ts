import { readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

/**
 * Compiles an AssemblyScript program for `wasm-step-v1`. What is compiled is committed, since `npm start`
 * and tests submit it; a test compiles it again and compares the bytes.
 *
 *     node test/examples/compile.ts
 */
export async function compileAssemblyScript(source: string): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const folder = dirname(source);
  const flags = ["--optimizeLevel", "3", "--converge", "--runtime", "stub"];
  const { error, stderr } = await asc.main(
    [relative(folder, source), "--outFile", "out.wasm", ...flags, "--use", "abort=index/stop"],
    {
      readFile: (name, base) => readFile(join(folder, base, name), "utf8").catch(() => null),
      writeFile: (name, contents) => {
        if (name === "out.wasm" && contents instanceof Uint8Array) binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error || !binary) throw new Error(`${source} does not compile:\n${stderr.toString()}`);
  return binary;
}

const here = dirname(fileURLToPath(import.meta.url));

export const examples = {
  mandelbrot: {
    source: join(here, "mandelbrot/assembly/index.ts"),
    compiled: join(here, "mandelbrot/mandelbrot.wasm"),
  },
  optionPricing: {
    source: join(here, "option-pricing/assembly/index.ts"),
    compiled: join(here, "option-pricing/option-pricing.wasm"),
  },
  /** In C, by clang: how stands in its source. */
  logAnalysis: { compiled: join(here, "log-analysis/log-analysis.wasm") },
  /** Compiled by the bench itself. */
  kernels: { source: join(here, "kernels/assembly/index.ts") },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { source, compiled } of [examples.mandelbrot, examples.optionPricing])
    await writeFile(compiled, await compileAssemblyScript(source));
}
