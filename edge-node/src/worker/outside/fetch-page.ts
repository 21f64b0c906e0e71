import { isUtf8 } from "node:buffer";
import { lookup as resolveName } from "node:dns";
import type { LookupFunction } from "node:net";
import { type Clock, fromUtf8, limits } from "@meshwork/foundation";
import { type FetchHosts, fetchHosts } from "./fetch-hosts.ts";
import { type HttpAnswer, httpExchange } from "./http-exchange.ts";
import { OutsideError } from "./outside-error.ts";
import { isPublicAddress } from "./private-address.ts";

/** A page as a program gets it: text where it is UTF-8, else base64. */
export type Page = { status: number; type: string } & ({ body: string } | { base64: string });

/** @param origins those that the contract names: every hop must lead to one of them. */
export type FetchPage = (
  address: string,
  about: { origins: readonly string[]; signal: AbortSignal },
) => Promise<Page>;

/**
 * Fetches for programs of strangers, by GET, what both the contract and the owner of this worker allow. The
 * address is looked at when the connection is made, so that a name cannot lead elsewhere a moment later.
 */
export function createFetchPage(
  { clock }: { clock: Clock },
  options: { hosts: readonly string[] },
): FetchPage {
  const allowed = fetchHosts(options.hosts);
  return async (address, { origins, signal }) => {
    let url = urlIn(address);
    for (let hops = 0; hops <= limits.outsideRedirects; hops++) {
      checkAllowed(url, { origins, allowed });
      const answer = await httpExchange(clock, url, {
        method: "GET",
        headers: { accept: "*/*", "accept-encoding": "identity", "user-agent": "meshwork" },
        ...(allowed.names(url) ? {} : { lookup: lookupPublic }),
        signal,
      });
      if (answer.location === null || answer.status < 300 || answer.status > 399)
        return pageOf(answer);
      url = urlIn(answer.location, url);
    }
    throw new OutsideError(
      "TOO_MANY_REDIRECTS",
      `${address.slice(0, 200)} leads on more than ${limits.outsideRedirects} times`,
    );
  };
}

function urlIn(address: string, base?: URL): URL {
  const url = URL.canParse(address, base) ? new URL(address, base) : null;
  const isWeb = url?.protocol === "https:" || url?.protocol === "http:";
  if (url === null || !isWeb || url.username !== "" || url.password !== "")
    throw new OutsideError(
      "REQUEST_INVALID",
      `${address.slice(0, 200)} is no address on the web without a name and password`,
    );
  url.hash = "";
  return url;
}

function checkAllowed(
  url: URL,
  { origins, allowed }: { origins: readonly string[]; allowed: FetchHosts },
): void {
  if (!origins.includes(url.origin))
    throw new OutsideError("NOT_IN_CONTRACT", `the contract does not name ${url.origin}`);
  if (!allowed.allows(url))
    throw new OutsideError("NOT_SERVED", `this worker does not fetch from ${url.origin}`);
  const isAddress = /^[\d.]+$|^\[/.test(url.hostname);
  // No name is resolved then, so nobody would look at it later.
  if (isAddress && !allowed.names(url) && !isPublicAddress(url.hostname.replace(/^\[|\]$/g, "")))
    throw new OutsideError("ADDRESS_REFUSED", `${url.hostname} is no address on the internet`);
}

/** All that a name leads to must be public: which of them is taken is not ours to say. */
const lookupPublic: LookupFunction = (hostname, options, done) => {
  resolveName(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return done(error, [], 0);
    const [first] = addresses;
    if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address)))
      return done(
        new OutsideError("ADDRESS_REFUSED", `${hostname} leads to no address on the internet`),
        [],
        0,
      );
    if (options.all) done(null, addresses);
    else done(null, first.address, first.family);
  });
};

function pageOf({ status, type, body }: HttpAnswer): Page {
  return isUtf8(body)
    ? { status, type, body: fromUtf8(body) }
    : { status, type, base64: Buffer.from(body).toString("base64") };
}
