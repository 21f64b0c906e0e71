// What is in a package-lock.json (version 2 or 3)? Runs as `js-qjs-v1`; its one input is the file.
// The runtime calls `main` with the task's inputs and writes what it returns as JSON with sorted keys.

function main(inputs) {
  const lockfile = inputs[0].json();
  if (!lockfile.packages) throw new TypeError("this is not a package-lock.json of version 2 or 3");

  const packages = Object.entries(lockfile.packages)
    .filter(([path, entry]) => path.includes("node_modules/") && !entry.link)
    .map(([path, entry]) => ({ path, name: nameOf(path), ...entry }));

  return {
    project: lockfile.name,
    lockfileVersion: lockfile.lockfileVersion,
    packages: packages.length,
    workspaces: Object.values(lockfile.packages).filter((entry) => entry.link).length,
    names: new Set(packages.map((entry) => entry.name)).size,
    forDevelopmentOnly: packages.filter((entry) => entry.dev).length,
    optional: packages.filter((entry) => entry.optional).length,
    licences: countBy(packages, (entry) => entry.license ?? "not stated"),
    scopes: countBy(packages, (entry) => scopeOf(entry.name)),
    nesting: countBy(packages, (entry) => entry.path.split("node_modules/").length - 1),
    severalVersions: severalVersions(packages),
    integrity: integrity(packages),
    withInstallScript: packages
      .filter((entry) => entry.hasInstallScript)
      .map((entry) => `${entry.name}@${entry.version}`)
      .sort(),
  };
}

/** "node_modules/a/node_modules/@b/c" → "@b/c" */
function nameOf(path) {
  return path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
}

function scopeOf(name) {
  return name.startsWith("@") ? name.slice(0, name.indexOf("/")) : "none";
}

function countBy(entries, key) {
  const counts = {};
  for (const entry of entries) counts[key(entry)] = (counts[key(entry)] ?? 0) + 1;
  return counts;
}

/** The packages that are there in more than one version, those with the most versions first. */
function severalVersions(packages) {
  const versions = new Map();
  for (const { name, version } of packages) {
    if (!versions.has(name)) versions.set(name, new Set());
    versions.get(name).add(version);
  }
  return [...versions]
    .filter(([, found]) => found.size > 1)
    .map(([name, found]) => ({ name, versions: [...found].sort() }))
    .sort((a, b) => b.versions.length - a.versions.length || (a.name < b.name ? -1 : 1));
}

/** How many packages npm would check against a hash when it installs them, and by which algorithm. */
function integrity(packages) {
  const hashed = packages.filter((entry) => entry.integrity);
  return {
    hashed: hashed.length,
    coveragePercent:
      packages.length === 0 ? 100 : Math.floor((1000 * hashed.length) / packages.length) / 10,
    algorithms: countBy(hashed, (entry) => entry.integrity.split("-")[0]),
    without: packages
      .filter((entry) => !entry.integrity)
      .map((entry) => entry.name)
      .sort(),
  };
}
