// Preloaded by a test: the process takes itself for one of an older Node. What it starts does not.
Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.19.0" } });
