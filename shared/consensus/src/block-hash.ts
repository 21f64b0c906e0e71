import type { BlockHash } from "@meshwork/foundation";
import { type Block, headerHash, lastCommitHashOf, transactionRootOf } from "@meshwork/protocol";

/** The hash that votes name; null unless the header names this very body. */
export function blockHashOf(block: Block): BlockHash | null {
  const { header, transactions, lastCommit } = block;
  if (header.transactionRoot !== transactionRootOf(transactions)) return null;
  if (header.lastCommitHash !== lastCommitHashOf(lastCommit)) return null;
  return headerHash(header);
}
