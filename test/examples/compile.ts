import { readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

/**
 * Compiles an AssemblyScript program for `wasm-step-v1`. The compiled programs are committed, since
 * `npm start` submits one; a test compiles them again and compares the bytes.
 *
 *     node test/examples/compile.ts        writes them all
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
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { source, compiled } of Object.values(examples))
    await writeFile(compiled, await compileAssemblyScript(source));
}
