import { forecastOf, planVerification, type Wish } from "@meshwork/edge-node";
import type { VerificationPolicy } from "@meshwork/protocol";
import type { Adversary, Gang } from "./gang.ts";
import { trustPolicy } from "./population.ts";
import { STEPS } from "./program.ts";
import { type Finding, honest, type Seat } from "./strategy.ts";
import { World } from "./world.ts";

/** One policy of the planner, and what came of it where the cheaters are as many as it assumes. */
export interface Calibration {
  name: string;
  policy: VerificationPolicy;
  tasks: number;
  risk: { predicted: number; deviation: number; measured: number };
  cost: { predicted: number; measured: number };
  isAsPredicted: boolean;
}

interface Case {
  name: string;
  cheaters: number;
  /** What is wished of the planner, or the policy itself. */
  wish: Wish | VerificationPolicy;
  /** Clean verdicts that everybody has. */
  standing: number;
}

/** Enough for an audit rate at the floor. */
const PROVEN = 25;
/** One worker, and four who look at two steps each. */
const USUAL = { replicas: 1, verifiers: 4, segmentsPerVerifier: 2, auditRate: 0 };
const CASES: readonly Case[] = [
  { name: "usual, proven", cheaters: 0.2, wish: USUAL, standing: PROVEN },
  { name: "usual, newcomers", cheaters: 0, wish: USUAL, standing: 0 },
  {
    name: "steady state, 1.10 runs",
    cheaters: 0.2,
    wish: { risk: 0.2, maxCost: 1.1 },
    standing: PROVEN,
  },
  { name: "two runs", cheaters: 0.2, wish: { risk: 0.05, maxCost: 2 }, standing: PROVEN },
  { name: "three runs", cheaters: 0.2, wish: { risk: 0.02, maxCost: 3 }, standing: PROVEN },
  { name: "five runs", cheaters: 0.3, wish: { risk: 0.02, maxCost: 5 }, standing: PROVEN },
];

/** As the planner assumes them: one story, wherever they hold every worker's place, wrong in one step. */
const planted = (share: number): Adversary => ({
  name: "planted",
  about: "lies wherever it holds every worker's place, in one step",
  share,
  plays: (gang) => ({
    ...honest,
    works: (seat) => (isOurs(gang, seat) ? storyOf(seat) : "honest"),
    judges: (seat, truth) => (isOurs(gang, seat) ? truth.map(acquit) : truth),
    colludes: true,
  }),
});

const isOurs = (gang: Gang, { task }: Seat): boolean =>
  task.workers
    .filter(({ state }) => state !== "declined" && state !== "missed")
    .every(({ node }) => gang.has(node));
const acquit = (finding: Finding): Finding => ({ ...finding, at: null });
const storyOf = ({ task: { orderId } }: Seat) => ({
  tag: `planted/${orderId}`,
  forged: [Number.parseInt(orderId.slice(0, 8), 16) % STEPS],
});

/** Chance alone goes as far as this in one case of fifteen thousand. */
const SIGMAS = 4;
/** One round: nobody has been caught yet, so that the cheaters stay as many as was assumed. */
const ROUND = 10;

/** Many small networks, each for one round, by the policy that the planner picks. */
export function calibrate(
  of: Case,
  size: { seed: number; tasks: number; nodes: number },
): Calibration {
  const { cheaters, wish, standing } = of;
  const assumption = { cheaters, newcomers: standing === 0 ? 1 : 0, steps: STEPS };
  const plan =
    "replicas" in wish
      ? { policy: wish, ...forecastOf(trustPolicy, wish, assumption) }
      : planVerification(trustPolicy, wish, assumption);
  let [tasks, wrong, runs] = [0, 0, 0];
  for (let round = 0; round * ROUND < size.tasks; round++) {
    const { counts } = new World({
      seed: size.seed * 1_000_000 + round,
      nodes: size.nodes,
      tasks: ROUND,
      adversary: planted(cheaters),
      isHonest: false,
      plan: plan.policy,
      standing,
    }).run();
    tasks += counts.tasks;
    wrong += counts.wrongAccepted;
    runs += counts.runs;
  }
  const deviation = Math.sqrt((plan.risk * (1 - plan.risk)) / tasks);
  const measured = wrong / tasks;
  return {
    name: of.name,
    policy: plan.policy,
    tasks,
    risk: { predicted: plan.risk, deviation, measured },
    cost: { predicted: plan.cost, measured: runs / tasks },
    isAsPredicted: Math.abs(measured - plan.risk) <= SIGMAS * deviation + 0.5 / tasks,
  };
}

export const calibrateAll = (size: Parameters<typeof calibrate>[1]): Calibration[] =>
  CASES.map((one) => calibrate(one, size));

const HEAD =
  "| plan | cheaters | workers | verifiers × steps | audit rate | tasks | risk, predicted | measured | runs a task, predicted | measured |";

/** A table in Markdown, for `docs/trust.md`. */
export function calibrationTable(rows: readonly Calibration[]): string {
  const lines = rows.map(({ name, policy, tasks, risk, cost }) => {
    const cells = [
      name,
      `${100 * (CASES.find((one) => one.name === name)?.cheaters ?? 0)} %`,
      policy.replicas,
      `${policy.verifiers} × ${policy.segmentsPerVerifier}`,
      (policy.auditRate / 65_536).toFixed(2),
      tasks,
      `${risk.predicted.toFixed(4)} ± ${risk.deviation.toFixed(4)}`,
      risk.measured.toFixed(4),
      cost.predicted.toFixed(3),
      cost.measured.toFixed(3),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [HEAD, "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |", ...lines].join(
    "\n",
  );
}
