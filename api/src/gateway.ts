import { openKeys, openOrMakeKeys } from "@meshwork/crypto";
import {
  fetchByInvite,
  findGenesis,
  type Node,
  pulseOf,
  readNodeConfig,
  startNode,
} from "@meshwork/edge-node";
import { type NodeId, systemClock, systemRandom } from "@meshwork/foundation";
import { type NodeState, reputationOf, type State } from "@meshwork/ledger";
import {
  createLog,
  createMetrics,
  createPulseLog,
  startHttpProbe,
  startPulse,
} from "@meshwork/observability";
import { jobReceipt, quorumOf } from "@meshwork/protocol";
import type { Gateway, GatewayJobs } from "./ports.ts";
import { quoteBy } from "./quote.ts";
import type { OpenGateway } from "./run-api.ts";
import type { AccountSummary, GovernanceSummary, NodeSummary, WhyEntry } from "./views.ts";

/** Starts the node behind the door: an edge node in the role `gateway`. */
export async function openGateway(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<OpenGateway> {
  const config = readNodeConfig(environment);
  const log = createLog({ level: config.logLevel, fields: { process: "api" } });
  const metrics = createMetrics();
  const onFatal = (error: unknown) => {
    log.error("the node behind the API cannot go on", { error });
    process.kill(process.pid, "SIGTERM");
  };
  const parts = { clock: systemClock, random: systemRandom, log, metrics, onFatal };
  const secrets = await (config.invite === null ? openKeys(config) : openOrMakeKeys(parts, config));
  const place = await findGenesis(config, (invite) => fetchByInvite(parts, invite, secrets));
  const node = await startNode(parts, { ...config, ...place, role: "gateway", secrets });
  const probe = await startHttpProbe(
    { metrics, readiness: node.unready },
    { port: config.probePort },
  );
  const pulseLog = createPulseLog({ level: config.logLevel, process: "api" });
  const stopPulse = startPulse({ clock: systemClock, log: pulseLog }, () => pulseOf(node));
  return {
    gateway: gatewayOf(node),
    log,
    metrics,
    probeUrl: probe.url,
    async stop() {
      stopPulse();
      await probe.stop();
      await node.stop();
    },
  };
}

function governanceOf(state: State): GovernanceSummary {
  const { epoch, policy, protocolVersion, committee } = state;
  const seats = committee.seats.map(({ node }) => ({
    node,
    wants: state.get("stance", node)?.proposal ?? null,
  }));
  const { number, adopted } = epoch;
  const needed = quorumOf(seats.length);
  return { epoch: number, now: { policy, protocolVersion }, adopted, seats, needed };
}

/** A node in the role `gateway` has jobs. */
function jobsOf({ jobs }: Node): GatewayJobs {
  if (jobs === null) throw new TypeError("only a gateway stands behind a door");
  return {
    take: (job, bring) => jobs.take(job, bring),
    view: (jobId) => jobs.view(jobId),
    watch: (jobId, signal) => jobs.watch(jobId, signal),
    revoke: (jobId) => jobs.revoke(jobId),
    async receipt(jobId) {
      const receipt = await jobs.receipt(jobId);
      return receipt && jobReceipt.encode(receipt);
    },
  };
}

/** What the door asks for, in terms of the node's requester and its ledger. */
function gatewayOf(node: Node): Gateway {
  const { chain, requester, ledger } = node;
  const state = () => chain.head.state;
  return {
    network() {
      const { height, time } = state().head;
      const { name } = chain.genesis;
      return {
        chainId: chain.chainId,
        name,
        gateway: node.nodeId,
        height,
        time,
        backlog: [...state().queue()].length,
        policy: state().policy,
      };
    },
    governance: () => governanceOf(state()),
    quote: (wish) => quoteBy(state().policy, wish),
    place: requester.place,
    files: node.files,
    jobs: jobsOf(node),
    task(orderId) {
      const view = requester.view(orderId);
      const record = ledger.task(orderId);
      return view === null || record === null ? null : { requester: record.requester, view };
    },
    async *watch(orderId, { signal }) {
      for await (const { height, view } of requester.watch(orderId, signal))
        yield { id: String(height), view };
    },
    output: requester.output,
    unverifiedOutput: requester.unverifiedOutput,
    receipt: requester.receipt,
    transact: node.submit,
    nodes: () => [...state().nodes()].map((member) => nodeSummary(state(), member)),
    account: (id) => accountSummary(state(), id),
    why: (id) => whyOf(node, id),
    unready: node.unready,
  };
}

function nodeSummary(state: State, member: NodeState): NodeSummary {
  const { nodeId, lease } = member;
  const { activeTime } = state.head;
  return {
    nodeId,
    region: lease?.region ?? "unknown",
    runtimes: lease?.runtimes ?? [],
    services: lease?.serves ?? [],
    capacity: lease?.capacity ?? 0,
    reputation: reputationOf(member, activeTime) / 65_536,
    eligible: lease !== null && lease.until > activeTime && member.suspendedUntil <= activeTime,
    seated: state.committee.seats.some(({ node }) => node === nodeId),
  };
}

function accountSummary(state: State, id: NodeId): AccountSummary | null {
  const account = state.account(id);
  if (account === undefined) return null;
  const { publicKey, points, bonded, vesting, barred } = account;
  const keyVersion = state.node(id)?.keyVersion ?? null;
  return { account: id, publicKey, points, bonded, vesting, keyVersion, barred };
}

const WHYS = 100;

/** Newest first, from the blocks that changed the account. */
async function whyOf({ chain }: Node, id: NodeId): Promise<WhyEntry[]> {
  const entries: WhyEntry[] = [];
  for (const height of await chain.history.heightsOfAccount(id, { limit: WHYS })) {
    const facts = await chain.history.factsAt(height);
    for (const why of facts?.whys ?? []) {
      if (why.account === id) entries.push({ ...why, height });
    }
    if (entries.length >= WHYS) break;
  }
  return entries.slice(0, WHYS);
}
