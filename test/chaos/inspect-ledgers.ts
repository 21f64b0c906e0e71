import { join } from "node:path";
import { networkFiles } from "@meshwork/cli/start";
import { type Chain, openChain } from "@meshwork/edge-node";
import type { OrderId } from "@meshwork/foundation";
import { assertConserved, type WhyRule } from "@meshwork/ledger";
import { silentLog } from "@meshwork/observability";
import type { Genesis } from "@meshwork/protocol";

/** The rules by which a task pays somebody. */
const PAYMENTS = new Set<WhyRule>([
  "work-paid",
  "verification-paid",
  "panel-paid",
  "unjudged-paid",
]);

/**
 * Reads the ledgers of a network that is stopped: all alike, no point made or lost, and each accepted order
 * done once and paid once. Returns what is not so, in words.
 */
export async function inspectLedgers(network: {
  readonly folder: string;
  readonly genesis: Genesis;
  readonly accepted: ReadonlySet<OrderId>;
}): Promise<{ broken: string[]; height: number }> {
  const { folder, genesis } = network;
  const chains: Chain[] = [];
  const broken: string[] = [];
  try {
    for (let number = 1; number <= genesis.members.length; number++)
      chains.push(
        await openChain({
          ...{ folder: join(folder, networkFiles.node(number), "chain"), genesis, log: silentLog },
        }),
      );
    const height = Math.min(...chains.map(({ head }) => head.height));
    const roots = new Set<string>();
    for (const chain of chains) {
      assertConserved(chain.head.state);
      roots.add((await chain.blockAt(height))?.block.header.stateRoot ?? "none");
    }
    if (roots.size > 1) broken.push(`the ledgers differ at height ${height}`);
    const [longest] = chains.toSorted((a, b) => b.head.height - a.head.height);
    if (longest) broken.push(...(await inspectTasks(longest, network.accepted)));
    return { broken, height };
  } finally {
    for (const chain of chains) await chain.close();
  }
}

async function inspectTasks(chain: Chain, accepted: ReadonlySet<OrderId>): Promise<string[]> {
  const done = new Map<OrderId, number>();
  const paid = new Map<string, number>();
  for (let height = 1; height <= chain.head.height; height++) {
    const facts = await chain.history.factsAt(height);
    for (const event of facts?.events ?? [])
      if (event.kind === "task" && event.change === "done")
        done.set(event.orderId, (done.get(event.orderId) ?? 0) + 1);
    for (const { account, of, rule, evidence, delta } of facts?.whys ?? [])
      if (PAYMENTS.has(rule) && delta > 0n) {
        const payment = `${account} by ${rule} into ${of} for ${evidence}`;
        paid.set(payment, (paid.get(payment) ?? 0) + 1);
      }
  }
  const lost = [...accepted].filter((orderId) => !done.has(orderId));
  return [
    ...lost.map((orderId) => `order ${orderId} was accepted, and never ended on the ledger`),
    ...[...done].filter(([, times]) => times > 1).map(([id]) => `order ${id} ended twice`),
    ...[...paid].filter(([, times]) => times > 1).map(([payment]) => `paid twice: ${payment}`),
  ];
}
