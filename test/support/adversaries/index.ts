import type { Adversary } from "../simulator/tactics.ts";
import { badExecutor } from "./bad-executor.ts";
import { badJustifier } from "./bad-justifier.ts";
import { bodySwapper } from "./body-swapper.ts";
import { clockLiar } from "./clock-liar.ts";
import { colluder } from "./colluder.ts";
import { equivocator } from "./equivocator.ts";
import { falseArchivist } from "./false-archivist.ts";
import { flooder } from "./flooder.ts";
import { forger } from "./forger.ts";
import { hoarder } from "./hoarder.ts";
import { laggard } from "./laggard.ts";
import { silent } from "./silent.ts";
import { slanderer } from "./slanderer.ts";
import { twins } from "./twins.ts";
import { voteAll } from "./vote-all.ts";

export const adversaries = {
  "bad-executor": badExecutor,
  "bad-justifier": badJustifier,
  "body-swapper": bodySwapper,
  "clock-liar": clockLiar,
  colluder,
  equivocator,
  "false-archivist": falseArchivist,
  flooder,
  forger,
  hoarder,
  laggard,
  silent,
  slanderer,
  twins,
  "vote-all": voteAll,
} satisfies Record<string, Adversary>;

export type AdversaryName = keyof typeof adversaries;
export const adversaryNames = Object.keys(adversaries) as AdversaryName[];
