import { CodedError } from "@meshwork/foundation";
import { type NetworkPolicy, proofQuorum, type VerificationPolicy } from "@meshwork/protocol";

/** What is believed of the others. Nobody can measure it: it is shown with every plan. */
export interface Assumption {
  /**
   * Of all places that are drawn, this part goes to nodes that tell one story: they lie whenever they
   * hold every worker's place of a task, and as verifiers sign what their fellows made up.
   */
  cheaters: number;
  /** Of all places, this part goes to newcomers: what they do is audited always. */
  newcomers: number;
  /** How many steps a run has, of which a liar makes up one only: the fewer, the harder to find. */
  steps: number;
}

export const defaultAssumption: Assumption = { cheaters: 0.1, newcomers: 0, steps: 16 };

/** What a policy does, by the assumption. */
export interface Forecast {
  /** The chance that a wrong result is taken for right. */
  risk: number;
  /** Runs of the whole task that are done on average, the workers' and what verifiers run again. */
  cost: number;
}

export interface Plan extends Forecast {
  policy: VerificationPolicy;
  assumption: Assumption;
}

export interface Wish {
  /** At most this chance of a wrong result. */
  risk: number;
  /** At most so many runs, on average. */
  maxCost: number;
}

/** No policy keeps both: the text says which risk can be had for this cost. */
export class PlanError extends CodedError<"PLAN_INFEASIBLE" | "PLAN_WISH_INVALID"> {}

const ONE = 65_536;
type Rules = Pick<NetworkPolicy, "auditFloor">;

/**
 * The cheapest policy that keeps the risk; among those the one with the least risk. Throws
 * `PlanError` when there is none, and says what is nearest.
 */
export function planVerification(rules: Rules, wish: Wish, change: Partial<Assumption> = {}): Plan {
  const assumption = { ...defaultAssumption, ...change };
  checkWish(wish, assumption);
  const plans = candidates(assumption).map(
    (policy): Plan => ({ policy, assumption, ...forecastOf(rules, policy, assumption) }),
  );
  const affordable = plans.filter(({ cost }) => cost <= wish.maxCost);
  const [best] = affordable
    .filter((plan) => keeps(plan, wish))
    .sort((a, b) => a.cost - b.cost || a.risk - b.risk);
  if (best !== undefined) return best;
  throw infeasible(wish, plans, affordable);
}

/** But for what floating point adds: a tenth of a tenth of a tenth is a thousandth. */
const keeps = (plan: Plan, { risk }: Pick<Wish, "risk">): boolean => plan.risk <= risk * (1 + 1e-9);

function checkWish({ risk, maxCost }: Wish, { cheaters, newcomers, steps }: Assumption): void {
  const isShare = (value: number) => value >= 0 && value < 1;
  const isSound =
    risk > 0 &&
    risk < 1 &&
    maxCost >= 1 &&
    isShare(cheaters) &&
    isShare(newcomers) &&
    Number.isSafeInteger(steps) &&
    steps >= 1;
  if (!isSound)
    throw new PlanError(
      "PLAN_WISH_INVALID",
      `a risk lies between 0 and 1, a cost is 1 run at least, shares lie between 0 and 1: not ${risk}, ${maxCost}, ${cheaters}, ${newcomers}`,
    );
}

function infeasible({ risk, maxCost }: Wish, plans: Plan[], affordable: Plan[]): PlanError {
  const least = (of: Plan[], by: "risk" | "cost") => of.toSorted((a, b) => a[by] - b[by])[0];
  const nearest = least(affordable, "risk");
  const cheapest = least(
    plans.filter((plan) => keeps(plan, { risk })),
    "cost",
  );
  const reachable =
    nearest === undefined
      ? `no policy costs so little`
      : `for ${maxCost} runs the risk is ${nearest.risk.toPrecision(2)} at least`;
  const dearer =
    cheapest === undefined
      ? "no policy of this network reaches it"
      : `a risk of ${risk} costs ${cheapest.cost.toFixed(2)} runs`;
  return new PlanError(
    "PLAN_INFEASIBLE",
    `${reachable}, and ${dearer}: allow more cost, or more risk`,
  );
}

// What can be asked for -------------------------------------------------------------------------

const REPLICAS = [1, 2, 3, 4, 5] as const;
const VERIFIERS = [1, 2, 3, 4, 5, 7, 9] as const;
const RATES = [0, 0.1, 0.25, 0.5, 0.75, 1] as const;
const MOST_SEGMENTS = 64;

function candidates({ steps }: Assumption): VerificationPolicy[] {
  const segments = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, MOST_SEGMENTS].filter(
    (count) => count < Math.min(steps, MOST_SEGMENTS),
  );
  segments.push(Math.min(steps, MOST_SEGMENTS));
  return REPLICAS.flatMap((replicas) =>
    VERIFIERS.flatMap((verifiers) =>
      segments.flatMap((segmentsPerVerifier) =>
        RATES.map((rate) => ({
          replicas,
          verifiers,
          segmentsPerVerifier,
          auditRate: Math.round(rate * ONE),
        })),
      ),
    ),
  );
}

// What it does ----------------------------------------------------------------------------------

export function forecastOf(
  { auditFloor }: Rules,
  policy: VerificationPolicy,
  { cheaters, newcomers, steps }: Assumption,
): Forecast {
  const floor = auditFloor / ONE;
  const proven = Math.max(policy.auditRate / ONE, floor);
  // One newcomer among the workers is enough to have the task audited.
  const rate = 1 - (1 - proven) * (1 - newcomers) ** policy.replicas;
  const allWorkers = cheaters ** policy.replicas;
  const samples = Math.min(policy.segmentsPerVerifier, steps);
  const missedByOne = 1 - samples / steps;
  const risk = allWorkers * passes({ policy, cheaters, rate, floor, missedByOne });
  const rerun = rate * (floor + (1 - floor) * (samples / steps));
  return { risk, cost: policy.replicas + policy.verifiers * rerun };
}

/** That a story which all workers tell is signed: by a quorum of fellows, or by the honest, who do not find it. */
function passes(of: {
  policy: VerificationPolicy;
  cheaters: number;
  rate: number;
  floor: number;
  missedByOne: number;
}): number {
  const { policy, cheaters, rate, floor, missedByOne } = of;
  const { verifiers } = policy;
  const quorum = proofQuorum(verifiers);
  let chance = 0;
  for (let fellows = 0; fellows <= verifiers; fellows++) {
    const missed = missedByOne ** (verifiers - fellows);
    const unfound = fellows >= quorum ? 1 : 1 - rate + rate * (1 - floor) * missed;
    chance += binomial(verifiers, fellows, cheaters) * unfound;
  }
  return chance;
}

function binomial(of: number, count: number, chance: number): number {
  let ways = 1;
  for (let i = 0; i < count; i++) ways *= (of - i) / (i + 1);
  return ways * chance ** count * (1 - chance) ** (of - count);
}
