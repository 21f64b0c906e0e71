import { blockHashOf } from "@meshwork/consensus";
import type { FinalizedBlock } from "@meshwork/protocol";
import { ChainError } from "../chain-error.ts";
import { type ChainHead, voteKeysAt } from "./chain-head.ts";
import type { RememberedChecks } from "./remembered-checks.ts";

/**
 * Consecutive blocks of a stranger and of one epoch, held against the head. The last certificate vouches for all: each
 * block is named by the next one, and so is the certificate under which it is to be kept.
 * @throws ChainError `BLOCK_INVALID`, `CERTIFICATE_INVALID`
 */
export function requireFinal(
  head: ChainHead,
  blocks: readonly FinalizedBlock[],
  checks: Pick<RememberedChecks, "verifyCertificate">,
): FinalizedBlock[] {
  requireChained(head, blocks);
  const final = blocks.map(({ block, certificate }, i) => ({
    block,
    certificate: blocks[i + 1]?.block.lastCommit ?? certificate,
  }));
  for (const last of final.slice(-1)) requireCertificate(head, last, checks);
  return final;
}

/** In runs of one epoch each. */
export function byEpoch(blocks: readonly FinalizedBlock[]): FinalizedBlock[][] {
  const runs: FinalizedBlock[][] = [];
  for (const one of blocks) {
    const run = runs.at(-1);
    if (run?.[0]?.block.header.epoch === one.block.header.epoch) run.push(one);
    else runs.push([one]);
  }
  return runs;
}

function requireChained(head: ChainHead, blocks: readonly FinalizedBlock[]): void {
  let { hash, height } = head;
  for (const { block } of blocks) {
    const own = blockHashOf(block);
    if (own === null || block.header.parent !== hash || block.header.height !== height + 1)
      throw new ChainError(
        "BLOCK_INVALID",
        `block ${block.header.height} does not follow block ${height}, ${hash}`,
        { detail: { height: block.header.height } },
      );
    hash = own;
    height++;
  }
}

function requireCertificate(
  head: ChainHead,
  { block, certificate }: FinalizedBlock,
  checks: Pick<RememberedChecks, "verifyCertificate">,
): void {
  const { kind, epoch, height, blockHash } = certificate.ballot;
  const keys = voteKeysAt(head, epoch);
  const names = kind === "F" && height === block.header.height && blockHash === blockHashOf(block);
  if (names && keys && checks.verifyCertificate(head.header.chainId, keys, certificate)) return;
  throw new ChainError(
    "CERTIFICATE_INVALID",
    `the certificate of block ${block.header.height} is not a quorum's F over it`,
    { detail: { height: block.header.height } },
  );
}
