// Adds up what `log-analysis` found in the parts of a log, and writes it as that program does. Runs as `js-qjs-v1`.
//
// Inputs: the outputs of the parts. Output: one report. Sums, status classes and hours are those of the whole log. Of paths
// and clients each part names its ten most frequent, so a count here is of the parts in which one was among them.

const SHOWN = 10;

/** Called by the runtime, by this name. */
globalThis.main = (inputs) => {
  const all = { sums: [0, 0, 0], classes: {}, hours: {}, paths: {}, clients: {} };
  for (const input of inputs) add(all, input.text());
  return new Uint8Array([...reportOf(all)].map((character) => character.codePointAt(0) & 0x7f));
};

function add(all, report) {
  let table = null;
  for (const line of report.split("\n")) {
    const head = /^requests (\d+), unreadable lines (\d+), bytes (\d+)$/.exec(line);
    const status = /^(\dxx) (\d+)$/.exec(line);
    const hour = /^(\d\d:00) (\d+)$/.exec(line);
    const row = /^ *(\d+) {2}(.*)$/.exec(line);
    if (head) all.sums = all.sums.map((sum, i) => sum + Number(head[i + 1]));
    else if (status) count(all.classes, status[1], status[2]);
    else if (hour) count(all.hours, hour[1], hour[2]);
    else if (line.startsWith("paths (")) table = all.paths;
    else if (line.startsWith("clients (")) table = all.clients;
    else if (row && table) count(table, row[2], row[1]);
  }
}

/** A key of its own, so that a path such as "constructor" is a path. */
function count(table, name, times) {
  table[`:${name}`] = (table[`:${name}`] ?? 0) + Number(times);
}

const sorted = (table) =>
  Object.entries(table)
    .map(([key, times]) => [key.slice(1), times])
    .sort(([a], [b]) => (a < b ? -1 : 1));

function reportOf({ sums: [requests, unreadable, bytes], classes, hours, paths, clients }) {
  const lines = [`requests ${requests}, unreadable lines ${unreadable}, bytes ${bytes}`];
  for (const [name, times] of sorted(classes)) lines.push(`${name} ${times}`);
  lines.push("", "by hour");
  for (const [name, times] of sorted(hours)) lines.push(`${name} ${times}`);
  for (const [title, table] of Object.entries({ paths, clients })) {
    lines.push("", `${title} (most frequent in the parts)`);
    const rows = sorted(table).sort(([, a], [, b]) => b - a);
    for (const [name, times] of rows.slice(0, SHOWN))
      lines.push(`${String(times).padStart(10)}  ${name}`);
  }
  return `${lines.join("\n")}\n`;
}
