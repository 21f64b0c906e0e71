import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { networkFiles } from "../network/create-network.ts";
import { memberFiles } from "../network/member-keys.ts";
import type { ProcessSpec } from "../supervisor/supervised-process.ts";
import type { Ports } from "./ports.ts";

/** Relay last, front door first: whoever depends on others stops before them. */
const tiers = { relay: 0, node: 1, api: 2 } as const;

const launcher = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

export interface NetworkHome {
  /** The folder that `network create` made. */
  readonly folder: string;
  readonly logLevel: string;
  /** Where nodes and the API keep what must outlive them, as their settings name it: `MESHWORK_TASK_DATA` … */
  readonly stores: Readonly<Record<string, string>>;
}

export function relaySpec(home: NetworkHome, ports: Ports): ProcessSpec {
  return {
    name: "relay",
    entry: launcher("relay/bin/relay.mjs"),
    tier: tiers.relay,
    env: {
      ...common(home, networkFiles.relay),
      MESHWORK_LISTEN: `/ip4/127.0.0.1/tcp/${ports.relayTcp},/ip4/127.0.0.1/tcp/${ports.relayWebSocket}/ws`,
    },
  };
}

/** @param relays multiaddrs, each with its /p2p/ PeerId */
export function nodeSpec(
  home: NetworkHome,
  number: number,
  relays: readonly string[],
): ProcessSpec {
  const name = networkFiles.node(number);
  return {
    name,
    entry: launcher("edge-node/bin/edge-node.mjs"),
    tier: tiers.node,
    env: {
      ...common(home, name),
      ...home.stores,
      MESHWORK_RELAYS: relays.join(","),
      MESHWORK_LISTEN: "/ip4/127.0.0.1/tcp/0",
    },
  };
}

export function apiSpec(home: NetworkHome, ports: Ports, relays: readonly string[]): ProcessSpec {
  return {
    name: "api",
    entry: launcher("api/bin/api.mjs"),
    tier: tiers.api,
    env: {
      ...common(home, networkFiles.gateway),
      ...home.stores,
      MESHWORK_RELAYS: relays.join(","),
      MESHWORK_LISTEN: "/ip4/127.0.0.1/tcp/0",
      MESHWORK_API_PORT: String(ports.api),
    },
  };
}

function common({ folder, logLevel }: NetworkHome, name: string): Record<string, string> {
  const home = join(folder, name);
  return {
    MESHWORK_GENESIS: join(folder, networkFiles.genesis),
    MESHWORK_DATA: home,
    MESHWORK_PASSPHRASE_FILE: join(home, memberFiles.passphrase),
    MESHWORK_PROBE_PORT: "0",
    MESHWORK_LOG_LEVEL: logLevel,
  };
}
