import fc from "fast-check";
import { expect, test } from "vitest";
import { WireError } from "./canonical.ts";
import { syncReply, syncRequest } from "./sync-message.ts";
import { sampleCertificate, sampleHeader } from "./testing/network-samples.ts";

const samples = [
  syncRequest.encode({ kind: "follow", from: 2 ** 48, blocks: true }),
  syncRequest.encode({ kind: "range", from: 7, count: 64 }),
  syncRequest.encode({ kind: "hand-overs", from: 3 }),
  syncReply.encode({
    kind: "head",
    head: { header: sampleHeader, certificate: sampleCertificate },
  }),
  syncReply.encode({ kind: "head", head: null }),
  syncReply.encode({ kind: "blocks", blocks: [new Uint8Array(3)] }),
  syncReply.encode({ kind: "range", from: 7, blocks: [new Uint8Array(3), new Uint8Array(1)] }),
  syncReply.encode({ kind: "hand-overs", handOvers: [] }),
];

test("what is said in sync is canonical, or refused", () => {
  const mangled = fc.constantFrom(...samples).chain((bytes) =>
    fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 4 }).map((changes) => {
      const copy = Uint8Array.from(bytes);
      for (const [at, value] of changes) copy[at] = value;
      return copy;
    }),
  );
  fc.assert(
    fc.property(fc.oneof(mangled, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      for (const wire of [syncRequest, syncReply])
        try {
          expect(wire.encode(wire.decode(bytes) as never)).toEqual(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
    }),
    { numRuns: 2_000 },
  );
});
