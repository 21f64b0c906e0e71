import { BlockList, isIP } from "node:net";

/** What no stranger's program may reach through this machine: its own net, and all that is not the internet. */
const notPublic = new BlockList();
for (const range of [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"],
  ...["172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"],
  ...["198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
])
  add(range, "ipv4");
// Teredo, documentation and 6to4, which lead elsewhere or nowhere.
for (const range of ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"]) add(range, "ipv6");

/** All unicast addresses that were ever given out; loopback, link-local, unique-local and mapped ones lie outside. */
const global6 = new BlockList();
global6.addSubnet("2000::", 3, "ipv6");

function add(range: string, family: "ipv4" | "ipv6"): void {
  const [net = "", bits] = range.split("/");
  notPublic.addSubnet(net, Number(bits), family);
}

export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !notPublic.check(address, "ipv4");
    case 6:
      return global6.check(address, "ipv6") && !notPublic.check(address, "ipv6");
    default:
      return false;
  }
}
