import type { Clock } from "@meshwork/foundation";
import type { Output } from "../output.ts";
import type { Ready } from "../supervisor/child-message.ts";
import type { ProcessGroup } from "../supervisor/process-group.ts";
import type { ProcessSpec } from "../supervisor/supervised-process.ts";
import { elapsed } from "./elapsed.ts";
import type { Ports } from "./ports.ts";
import { apiSpec, type NetworkHome, nodeSpec, relaySpec } from "./process-specs.ts";

export interface BroughtUp {
  readonly apiUrl: string;
  readonly relays: readonly string[];
  /** Where each process shows its health and metrics. */
  readonly probes: readonly { name: string; url: string }[];
}

export interface BringUpParts {
  readonly clock: Clock;
  readonly group: ProcessGroup;
  readonly output: Output;
  /** When the command began, by the monotonic clock. */
  readonly began: number;
}

/** The relay first, since all others are found through it; then all others at once. */
export async function bringUp(
  parts: BringUpParts,
  home: NetworkHome,
  options: { ports: Ports; nodes: number },
): Promise<BroughtUp> {
  const probes: { name: string; url: string }[] = [];
  const up = async (spec: ProcessSpec): Promise<Ready> => {
    const ready = await parts.group.start(spec);
    const where = ready.url ?? ready.addresses?.[0] ?? "";
    const seconds = elapsed(parts.clock, parts.began);
    parts.output.say(`  ${seconds}  ${spec.name.padEnd(8)}  up  ${where}`.trimEnd());
    parts.output.emit("process", { name: spec.name, ...ready, kind: "process" });
    if (ready.probeUrl !== undefined) probes.push({ name: spec.name, url: ready.probeUrl });
    return ready;
  };
  const relay = await up(relaySpec(home, options.ports));
  const relays = relay.addresses ?? [];
  const numbers = Array.from({ length: options.nodes }, (_, index) => index + 1);
  const [api] = await Promise.all([
    up(apiSpec(home, options.ports, relays)),
    ...numbers.map((number) => up(nodeSpec(home, number, relays))),
  ]);
  return { apiUrl: api.url ?? `http://127.0.0.1:${options.ports.api}`, relays, probes };
}
