import { join, relative } from "node:path";
import { networkFiles } from "../network/create-network.ts";
import type { RunningNetwork } from "./start.ts";

/** What stands on the screen while the network is up: where it is, and how to use it. */
export function invitation(network: RunningNetwork): string {
  const from = (name: string) => relative(process.cwd(), join(network.folder, name));
  const probes = network.probes
    .toSorted((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }))
    .map(({ name, url }) => `    ${name.padEnd(8)} ${url}/metrics`);
  return `
The network is up until you press Ctrl-C, and knows everything again when you start it again.

  API        ${network.apiUrl}
  relays     ${network.relays.join("\n             ")}
  invite     ${from(networkFiles.invite)}
  metrics
${probes.join("\n")}

Hand in a task of your own, from another terminal. To paste:

cat > hello.js <<'END'
function main(inputs) {
  const words = inputs[0].text().split(/\\s+/).filter(Boolean);
  return { words: words.length, longest: words.sort((a, b) => b.length - a.length)[0] };
}
END
npx meshwork task submit --api ${network.apiUrl} --keys ${from(networkFiles.agent)} \\
  --runtime js-qjs-v1 --program hello.js --input README.md --receipt hello.receipt
npx meshwork receipt verify hello.receipt --genesis ${from(networkFiles.genesis)}
`;
}
