import { PromiseBroken, type Watcher } from "../../support/simulator/watcher.ts";

/** After each height every node has the state that the block's header names. */
export function stateRoots(): Watcher {
  return {
    committed(node, { header }) {
      const { head } = node.ledger;
      if (head.height !== header.height || head.stateRoot !== header.stateRoot)
        throw new PromiseBroken(
          "state-roots",
          `${node.name} is in state ${head.stateRoot} after height ${header.height}, the header says ${header.stateRoot}`,
        );
    },
  };
}
