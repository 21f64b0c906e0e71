import { isLive } from "@meshwork/protocol";
import type { Adversary, Gang } from "../gang.ts";
import { inventions } from "../lies.ts";
import type { Finding, Seat } from "../strategy.ts";
import { honest } from "../strategy.ts";

/** Verifiers without whom there is no quorum of the honest: two of four. */
const BLOCKING = 2;

/** Keys of many operators, so that no cap meets them. They lie only where they cannot be convicted. */
export const colludingRing: Adversary = {
  name: "colluding-ring",
  about: "one story, where they hold every worker's place and two verifiers'",
  share: 0.2,
  plays: (gang) => ({
    ...honest,
    works: (seat) => (isOurs(gang, seat) ? story(seat) : "honest"),
    judges: (seat, truth) => (isOurs(gang, seat) ? truth.map(acquit) : truth),
    colludes: true,
  }),
};

const story = ({ task }: Seat) => inventions(`ring/${task.orderId}`);
const acquit = (finding: Finding): Finding => ({ ...finding, at: null });

/** Everybody can read on the ledger who was called. */
function isOurs(gang: Gang, { task }: Seat): boolean {
  const ours = task.verifiers.filter((place) => isLive(place) && gang.has(place.node));
  return ours.length >= BLOCKING && task.workers.filter(isLive).every(({ node }) => gang.has(node));
}
