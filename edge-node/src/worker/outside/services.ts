import { readFile } from "node:fs/promises";
import type { Clock } from "@meshwork/foundation";
import type { Service } from "@meshwork/protocol";
import { type AskModel, createAskModel } from "./ask-model.ts";
import { fetchHosts } from "./fetch-hosts.ts";
import { createFetchPage, type FetchPage } from "./fetch-page.ts";

/** What this worker offers to programs; null is what its owner has not configured. */
export interface Services {
  fetchPage: FetchPage | null;
  askModel: AskModel | null;
  /** Whether a program may fetch from there at all. */
  serves(origin: string): boolean;
}

export interface OutsideOptions {
  /** As `fetch-hosts.ts` reads them. */
  fetchHosts: readonly string[];
  /** `keyFile` holds the key alone; null: the endpoint wants none. */
  model: { url: string; name: string; keyFile: string | null } | null;
}

export const NOTHING_OUTSIDE: OutsideOptions = { fetchHosts: [], model: null };

export async function openServices(
  parts: { clock: Clock },
  { fetchHosts: hosts, model }: OutsideOptions,
): Promise<Services> {
  const allowed = fetchHosts(hosts);
  const key = model?.keyFile ? (await readFile(model.keyFile, "utf8")).trim() : null;
  return {
    fetchPage: hosts.length === 0 ? null : createFetchPage(parts, { hosts }),
    askModel: model && createAskModel(parts, { ...model, key }),
    serves: (origin) => URL.canParse(origin) && allowed.allows(new URL(origin)),
  };
}

/** What the node announces on the ledger, so that it is drawn for what it can do. */
export const servicesIn = ({ fetchHosts: hosts, model }: OutsideOptions): Service[] => [
  ...(hosts.length > 0 ? (["fetch"] as const) : []),
  ...(model === null ? [] : (["model"] as const)),
];
