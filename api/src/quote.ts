import { planVerification } from "@meshwork/edge-node";
import type { Fuel, Points } from "@meshwork/foundation";
import { priceOfRun, worstCaseOf } from "@meshwork/ledger";
import type { NetworkPolicy } from "@meshwork/protocol";
import type { Quote, QuoteWish } from "./views.ts";

const HUNDREDTHS = 100n;

/** What a risk costs by the rules of this network, in runs and in points. */
export function quoteBy(rules: NetworkPolicy, { fuel, assumption, ...wish }: QuoteWish): Quote {
  const plan = planVerification(rules, wish, withoutUndefined(assumption));
  const maxFuel = fuel as Fuel;
  // Rounded up to a hundredth of a run.
  const runs = BigInt(Math.ceil(plan.cost * Number(HUNDREDTHS)));
  const price = (priceOfRun(rules, maxFuel) * runs + HUNDREDTHS - 1n) / HUNDREDTHS;
  const priceCeiling = worstCaseOf(rules, { policy: plan.policy, maxFuel });
  return { ...plan, price: price as Points, priceCeiling: priceCeiling as Points };
}

const withoutUndefined = ({ cheaters, newcomers, steps }: QuoteWish["assumption"]) => ({
  ...(cheaters === undefined ? {} : { cheaters }),
  ...(newcomers === undefined ? {} : { newcomers }),
  ...(steps === undefined ? {} : { steps }),
});
