// A lock must name every optional package of every platform, or `npm ci` refuses it elsewhere:
// npm leaves those out that it could not or need not fetch on the machine that wrote the lock
// (npm/cli#4828). Their versions are exact in their parents' manifests, so they can be added here:
//
//     node scripts/complete-lock.mjs            adds what is missing
//     node scripts/complete-lock.mjs --check    fails when something is missing
//
// What is added bears no integrity hash: its bytes were never on the machine that wrote the lock.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openharmony", "win32"];
const PROCESSORS = ["arm", "arm64", "ia32", "loong64", "ppc64", "riscv64", "s390x", "x64"];

/** The optional packages that `packages` (a lock's) refers to and does not hold. */
export function missingOptionalPackages(packages) {
  const missing = [];
  for (const [location, entry] of Object.entries(packages))
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {}))
      if (!isInstalledFor(packages, location, name)) missing.push({ location, name, version });
  return missing;
}

/** As Node resolves: beside the dependent, or in any folder above it. */
function isInstalledFor(packages, location, name) {
  for (let folder = location; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/")))) {
    if (packages[`${folder}${folder && "/"}node_modules/${name}`]) return true;
    if (folder === "") return false;
  }
}

/** By the naming that all of them follow: `…-linux-x64-musl`. */
export function platformOf(name) {
  const parts = name.split(/[-/]/);
  const os = parts.find((part) => SYSTEMS.includes(part));
  const cpu = parts.find((part) => PROCESSORS.includes(part));
  if (os === undefined || cpu === undefined)
    throw new Error(`cannot tell the platform of ${name} by its name; add it to the lock by hand`);
  const libc = parts.some((part) => /^musl/.test(part)) ? "musl" : "glibc";
  return { os: [os], cpu: [cpu], ...(os === "linux" ? { libc: [libc] } : {}) };
}

function addedEntry(packages, { location, name, version }) {
  if (!/^\d+\.\d+\.\d+[\w.+-]*$/.test(version))
    throw new Error(`${location} wants ${name}@${version}: no exact version; run npm install`);
  const { dev } = packages[location];
  return { version, ...(dev ? { dev } : {}), optional: true, ...platformOf(name) };
}

function main(mode) {
  const path = fileURLToPath(new URL("../package-lock.json", import.meta.url));
  const lock = JSON.parse(readFileSync(path, "utf8"));
  const missing = missingOptionalPackages(lock.packages);
  if (mode === "--check" && missing.length > 0) {
    console.error(`package-lock.json lacks ${missing.map(({ name }) => name).join(", ")};`);
    console.error("run: node scripts/complete-lock.mjs");
    process.exit(1);
  }
  for (const one of missing)
    lock.packages[`node_modules/${one.name}`] = addedEntry(lock.packages, one);
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en")),
  );
  if (missing.length > 0) writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) main(process.argv[2]);
