import type { Certificate } from "@meshwork/protocol";
import { quorumOf } from "@meshwork/protocol";
import type { SimulatedNode } from "../../support/simulator/node.ts";
import { seatsIn } from "../../support/simulator/toy-state.ts";
import { PromiseBroken, type Watcher } from "../../support/simulator/watcher.ts";
import type { World } from "../../support/simulator/world.ts";

/** Whatever certificate an honest node relies on, more than two thirds of the seats signed it. */
export function certificates(world: World): Watcher {
  const quorum = quorumOf(world.scenario.seats);
  const check = (node: SimulatedNode, certificate: Certificate) => {
    const { kind, epoch, height, view } = certificate.ballot;
    const seats = seatsIn(node.ledger.state, epoch);
    if (seats !== null && world.signatures.isQuorum(certificate, seats, quorum)) return;
    throw new PromiseBroken(
      "certificates",
      `${node.name} takes an invalid certificate ${kind}(${height}, ${view}) by seats ${certificate.seats}`,
    );
  };
  return {
    learned: check,
    committed(node, block, certificate) {
      check(node, certificate);
      const { kind, height, blockHash } = certificate.ballot;
      const hash = world.ledgerParts.hashOf(block);
      if (kind !== "F" || height !== block.header.height || hash === null || hash !== blockHash)
        throw new PromiseBroken(
          "certificates",
          `${node.name} commits a block at ${block.header.height} that its certificate does not decide`,
        );
    },
  };
}
