import type { Adversary } from "../gang.ts";
import { colludingRing } from "./colluding-ring.ts";
import { copyingVerifier } from "./copying-verifier.ts";
import { flapper } from "./flapper.ts";
import { forger } from "./forger.ts";
import { griefingVerifier } from "./griefing-verifier.ts";
import { lazyCopier } from "./lazy-copier.ts";
import { lazyVerifier } from "./lazy-verifier.ts";
import { liar } from "./liar.ts";
import { patientCheat } from "./patient-cheat.ts";
import { selfDealer } from "./self-dealer.ts";
import { slowLoris } from "./slow-loris.ts";
import { sybilFarm } from "./sybil-farm.ts";
import { verdictBuyer } from "./verdict-buyer.ts";
import { whitewasher } from "./whitewasher.ts";

export const adversaries: readonly Adversary[] = [
  liar,
  forger,
  colludingRing,
  lazyCopier,
  lazyVerifier,
  copyingVerifier,
  patientCheat,
  whitewasher,
  sybilFarm,
  selfDealer,
  flapper,
  slowLoris,
  griefingVerifier,
  verdictBuyer,
];

export function adversaryNamed(name: string): Adversary {
  const found = adversaries.find((one) => one.name === name);
  if (found === undefined) throw new RangeError(`there is no adversary ${name}`);
  return found;
}
