import type { State } from "@meshwork/ledger";
import type { Admission } from "@meshwork/p2p";

/** What the ledger says of those who say hello: a registered node must come with the keys that it registered. */
export const ledgerAdmission = (state: () => State | null): Admission => ({
  check({ unsigned }) {
    const known = state()?.node(unsigned.nodeId);
    if (known === undefined) return { ok: true };
    const isInForce =
      known.keyVersion === unsigned.keyVersion && known.transportKey === unsigned.transportKey;
    return isInForce
      ? { ok: true }
      : { refused: `its transport key is not version ${known.keyVersion} of the ledger` };
  },
  keyOf: (nodeId) => state()?.account(nodeId)?.publicKey,
  isBlacklisted: (nodeId) => state()?.isBlacklisted(nodeId) ?? false,
});
