import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";

/**
 * Prints the program of a sandbox's child: `sandbox-child.ts` and all that it imports, stripped of
 * their types once, where every child would do it anew (0.15 s of processor time), and put into one
 * text. A child reads it from standard input, and so needs no file at all.
 */
const ENTRY = new URL("./sandbox-child.ts", import.meta.url).href;
const IMPORTED = /^\s*(?:import|export)\b[^"';]*\bfrom\s*"([^"]+)"/gm;

const sources: Record<string, string> = {};
/** Rooms by the names of their doors. */
const doors: Record<string, string> = {};

function gather(url: string): void {
  if (url in sources) return;
  const text = readFileSync(fileURLToPath(url), "utf8");
  const source = url.endsWith(".ts") ? stripTypeScriptTypes(text) : text;
  sources[url] = source;
  for (const [, name = ""] of source.matchAll(IMPORTED)) {
    if (name.startsWith("node:")) continue;
    const isOwn = name.startsWith(".");
    const target = isOwn ? new URL(name, url).href : import.meta.resolve(name);
    if (!isOwn) doors[name] = target;
    gather(target);
  }
}

gather(ENTRY);
process.stdout.write(`
import { registerHooks } from "node:module";
const sources = ${JSON.stringify(sources)};
const doors = ${JSON.stringify(doors)};
registerHooks({
  resolve(name, context, next) {
    const url = doors[name] ?? (name.startsWith(".") ? new URL(name, context.parentURL).href : name);
    return Object.hasOwn(sources, url) ? { url, format: "module", shortCircuit: true } : next(name, context);
  },
  load(url, context, next) {
    if (!Object.hasOwn(sources, url)) return next(url, context);
    return { source: sources[url], format: "module", shortCircuit: true };
  },
});
await import(${JSON.stringify(ENTRY)});
`);
