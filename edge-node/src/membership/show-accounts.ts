import { fromUtf8, nodeId } from "@meshwork/foundation";
import type { P2p } from "@meshwork/p2p";
import { requestNames, stateClaim, stateKey } from "@meshwork/protocol";
import type { Chain } from "../chain/store/chain.ts";

/**
 * Shows whoever asks an account, or that there is none, with its proof under the newest block: a relay
 * follows the headers alone, and learns in this way whom it serves. Nobody need believe the answer.
 */
export function showAccounts(
  messaging: Pick<P2p["messaging"], "handle">,
  chain: Pick<Chain, "head">,
): void {
  messaging.handle(requestNames.account, {
    onRequest({ payload }) {
      const { state, header, certificate } = chain.head;
      // Before the first block nothing is proved; the genesis says it all.
      if (certificate === null) return new Uint8Array(0);
      const id = nodeId.parse(fromUtf8(payload));
      // The bytes as they are stored, behind the byte that says what they are.
      const value = state.leaf(stateKey("account", id)).value?.subarray(1) ?? null;
      const path = state.prove("account", id);
      return stateClaim.encode({
        ...{ version: 1, kind: "account", id, value, path },
        // Who asks follows the headers, and knows the committee of the newest.
        ...{ header, certificate, handOver: [] },
      });
    },
  });
}
