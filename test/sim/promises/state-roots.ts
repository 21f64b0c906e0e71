import type { Header } from "@meshwork/protocol";
import type { SimulatedNode } from "../../support/simulator/node.ts";
import { rootOfState } from "../../support/simulator/toy-state.ts";
import { PromiseBroken, type Watcher } from "../../support/simulator/watcher.ts";

/** After each height every node has the state that the block's header names, however it got there. */
export function stateRoots(): Watcher {
  const check = ({ name, ledger }: SimulatedNode, { height, stateRoot }: Header) => {
    const root = rootOfState(ledger.state);
    if (ledger.head.height !== height || root !== stateRoot)
      throw new PromiseBroken(
        "state-roots",
        `${name} is in state ${root} after height ${height}, the header says ${stateRoot}`,
      );
  };
  return {
    committed: (node, { header }) => check(node, header),
    joined: (node, { header }) => check(node, header),
  };
}
