import { CodedError, type NodeId } from "@meshwork/foundation";
import {
  type Genesis,
  type Header,
  isWantedByFounders,
  type SuccessorGenesis,
  successorChainId,
} from "@meshwork/protocol";
import { genesisBeacon } from "./beacon.ts";
import { firstHeader } from "./genesis.ts";
import { keyOf } from "./records.ts";
import type { State } from "./state.ts";

export class FoundingError extends CodedError<
  "FOUNDING_UNWANTED" | "FOUNDING_OTHER_STATE" | "FOUNDING_COMMITTEE"
> {}

/**
 * Total loss: more than a third of the seats is gone for good, and the founders have signed where the
 * network goes on. The same state under a new name: whatever was signed for the old network, votes,
 * transactions and verdicts alike, means nothing here. Tasks that were open end at their deadlines.
 * @param state as restored, at the height that the successor names. @throws FoundingError
 */
export function foundAnew(
  state: State,
  { founders, successor }: { founders: Genesis; successor: SuccessorGenesis },
): { state: State; header: Header } {
  const { body } = successor;
  if (!isWantedByFounders(founders, successor))
    throw new FoundingError(
      "FOUNDING_UNWANTED",
      "the recovery keys that signed are not more than two thirds of those that the old genesis names: gather more signatures",
    );
  requireState(state, body);
  requireCommittee(state, body);
  const { committee, time } = body;
  const { epoch, head } = state;
  const chainId = successorChainId(body);
  const founded = withoutStances(state)
    .with("committee", committee)
    .with("epoch", {
      ...{ number: committee.epoch, start: head.activeTime, lastHeight: null, adopted: null },
      protocolVersion: epoch.protocolVersion,
    })
    .with("head", {
      ...head,
      chainId,
      time: Math.max(time, head.time + 1),
      beacon: genesisBeacon(chainId),
      lastProposed: committee.seats.map(() => 0),
    });
  return { state: founded, header: firstHeader(founded) };
}

type Body = SuccessorGenesis["body"];

function requireState(state: State, { parentChainId, height, stateRoot }: Body): void {
  const { head } = state;
  const root = state.root();
  if (head.chainId === parentChainId && head.height === height && root === stateRoot) return;
  throw new FoundingError(
    "FOUNDING_OTHER_STATE",
    `the founders go on from height ${height} of ${parentChainId}, with the state ${stateRoot}; this is height ${head.height} of ${head.chainId}, with ${root}: restore that height`,
    {
      detail: { wanted: { parentChainId, height, stateRoot }, here: { height: head.height, root } },
    },
  );
}

function requireCommittee(state: State, { committee }: Body): void {
  const { epoch, seats, leaders } = committee;
  const no = (why: string) => new FoundingError("FOUNDING_COMMITTEE", `the new committee ${why}`);
  if (epoch !== state.epoch.number + 1)
    throw no(`is of epoch ${epoch}; the next is ${state.epoch.number + 1}`);
  const nodes = new Set(seats.map(({ node }) => node));
  const unfit = seats.find(({ node }) => !isFit(state, node));
  if (unfit !== undefined) throw no(`seats ${unfit.node}, which is no node in good standing`);
  if (nodes.size !== seats.length) throw no("seats a node twice");
  const order = leaders.toSorted((a, b) => a - b);
  if (order.length !== seats.length || order.some((seat, i) => seat !== i))
    throw no("is not led by each of its seats in turn");
}

/** A node that was never used would be forgotten while it sits. */
const isFit = (state: State, id: NodeId): boolean =>
  state.node(id)?.unusedUntil === null && !state.isBlacklisted(id);

/** What the lost network's seats last wanted is nobody's word here. */
const withoutStances = (state: State): State =>
  [...state.all("stance")].reduce(
    (left, { nodeId }) => left.without(keyOf("stance", nodeId)),
    state,
  );
