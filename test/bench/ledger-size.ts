import { consensusMessageWire, finalizedBlock, type Proposal } from "@meshwork/protocol";
import { type BenchRow, row } from "./harness.ts";
import { ChainGenerator, registrationIn } from "./ledger-generator.ts";

/** What a block of one transaction takes, by the size of its committee. */
export function sizeRows(): BenchRow[] {
  return [4, 16, 64].flatMap((seats) => {
    const generator = new ChainGenerator({ members: seats, seats });
    generator.next([registrationIn(generator.network)]);
    const made = generator.next([registrationIn(generator.network)]);
    const { block, certificate } = made;
    const { height, epoch, view } = certificate.ballot;
    const signature = certificate.signatures[0];
    if (signature === undefined) throw new Error("a certificate without signatures");
    const vote = { ballot: { ...certificate.ballot, kind: "N" as const }, seat: 0, signature };
    const justification = { notarized: null, nullified: [] };
    const proposal: Proposal = { kind: "proposal", block, justification, vote };
    const voteBytes = consensusMessageWire.encode({ kind: "vote", vote }).length;
    const proposalBytes = consensusMessageWire.encode(proposal).length;
    // The leader's proposal is its N; every other seat sends N, and every seat F, to all others.
    const sentBytes = (seats - 1) * (proposalBytes + (2 * seats - 1) * voteBytes);
    const at = `n = ${seats}`;
    if (height !== 2 || epoch !== 0 || view !== 0) throw new Error("not the block that was meant");
    return [
      row({
        metric: `${at}: a block of one transaction with its certificate`,
        value: finalizedBlock.encode(made).length,
        unit: "bytes",
      }),
      row({
        metric: `${at}: signatures in its two certificates`,
        value: certificate.signatures.length + (block.lastCommit?.signatures.length ?? 0),
        unit: "1",
      }),
      row({
        metric: `${at}: sent by the whole committee to decide it`,
        value: sentBytes,
        unit: "bytes",
      }),
    ];
  });
}
