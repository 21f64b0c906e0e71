import { type Dispatch, isPlain } from "@meshwork/protocol";
import { auditClaims } from "./audit.ts";
import { type Checked, checkByNature } from "./check-by-nature.ts";
import { compareClaims } from "./compare.ts";
import { exchangeReports } from "./exchange-reports.ts";
import type { Claim } from "./read-claims.ts";
import type { Verification, VerifierParts } from "./verify-task.ts";

/** Finds out which claims are right; how, the nature of the work and its comparator say. */
export async function checkClaims(
  parts: VerifierParts,
  verification: Verification,
  shown: { claims: readonly Claim[]; dispatch: Dispatch },
): Promise<Checked> {
  if (!isPlain(verification.task.order.work)) return checkByNature(parts, verification, shown);
  const { claims } = shown;
  const dispute = await compareClaims(verification, claims);
  const audit = await auditClaims(parts, verification, dispute);
  const findings = await exchangeReports(parts, verification, { claims, audit });
  return { findings, samples: audit.samples };
}
