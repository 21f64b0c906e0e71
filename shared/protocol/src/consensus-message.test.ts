import { limits } from "@meshwork/foundation";
import { expect, test } from "vitest";
import { block as blockWire } from "./block.ts";
import { type Certificate, quorumOf } from "./certificate.ts";
import { consensusMessageWire } from "./consensus-message.ts";
import { sampleBlock } from "./testing/network-samples.ts";

test("a proposal of a full committee, with all that it may carry, fits beside the largest block", () => {
  const seats = Array.from({ length: quorumOf(limits.committeeSeats) }, (_, i) => i + 33);
  const largest = (kind: "N" | "X"): Certificate => ({
    ballot: {
      kind,
      epoch: 2 ** 31,
      height: 2 ** 48,
      view: 2 ** 31,
      blockHash: kind === "X" ? null : ("ff".repeat(32) as never),
    },
    seats,
    signatures: seats.map(() => "ff".repeat(64) as never),
  });
  const proposal = consensusMessageWire.encode({
    kind: "proposal",
    block: sampleBlock,
    justification: {
      notarized: largest("N"),
      nullified: Array.from({ length: limits.carriedNullifications }, () => largest("X")),
    },
    vote: { ballot: largest("N").ballot, seat: 99, signature: "ff".repeat(64) as never },
  });
  expect(consensusMessageWire.decode(proposal).kind).toBe("proposal");
  const besideTheBlock = proposal.length - blockWire.encode(sampleBlock).length;
  expect(besideTheBlock).toBeLessThanOrEqual(limits.justificationBytes);
  expect(limits.blockBytes + limits.justificationBytes).toBeLessThan(limits.consensusFrameBytes);
});
