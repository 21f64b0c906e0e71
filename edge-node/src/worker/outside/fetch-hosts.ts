import { isIP } from "node:net";

/**
 * What the owner of a worker lets programs fetch: `api.example.org` and `*.example.org` by https, or one
 * origin such as `http://127.0.0.1:8080`. An address in his own net counts only if he names it so, in
 * numbers: a name that leads there does not.
 */
export interface FetchHosts {
  allows(url: URL): boolean;
  /** Whether the owner has named this very address. */
  names(url: URL): boolean;
}

const HOST = /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/;

/** Null when `text` is no entry. */
function entryOf(text: string): ((url: URL) => boolean) | null {
  if (HOST.test(text)) {
    const isHttps = (url: URL) => url.protocol === "https:" && url.port === "";
    if (!text.startsWith("*.")) return (url) => isHttps(url) && url.hostname === text;
    return (url) => isHttps(url) && url.hostname.endsWith(text.slice(1));
  }
  return isOrigin(text) ? (url) => url.origin === text : null;
}

/** As a URL writes it: lower case, no default port, no path. */
export function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { origin, protocol } = new URL(text);
  return origin === text && (protocol === "https:" || protocol === "http:");
}

/** What is wrong with an entry of the owner's list, in words; null: nothing. */
export const fetchHostFlaw = (text: string): string | null =>
  entryOf(text) === null
    ? `${text.slice(0, 100)} is neither a host (api.example.org, *.example.org) nor an origin (http://127.0.0.1:8080)`
    : null;

export function fetchHosts(list: readonly string[]): FetchHosts {
  const entries = list.map(entryOf).filter((entry) => entry !== null);
  return {
    allows: (url) => entries.some((entry) => entry(url)),
    names: (url) => isIP(url.hostname.replace(/^\[|\]$/g, "")) !== 0 && list.includes(url.origin),
  };
}
