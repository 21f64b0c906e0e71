import { concat, fromHex, type PublicKey, type Signature } from "@meshwork/foundation";
import { pointOf, verifyAt } from "./sm2.ts";
import { isCanonicalSignature } from "./sm2-curve.ts";

/** What `verify` is asked. */
export interface SignatureCheck {
  readonly publicKey: PublicKey;
  readonly message: Uint8Array;
  readonly signature: Signature;
}

/** In one piece of memory, which goes to a thread without a copy: length of the message ‖ 04 ‖ x ‖ y ‖ r ‖ s ‖ message. */
const [LENGTH, POINT, SIGNATURE] = [4, 65, 64];
const HEAD = LENGTH + POINT + SIGNATURE;
/** No point begins so: it says that `verify` would say no. */
const REFUSED = new Uint8Array(POINT + SIGNATURE);

export function packChecks(checks: readonly SignatureCheck[]): Uint8Array<ArrayBuffer> {
  return concat(
    ...checks.flatMap(({ publicKey, message, signature }) => {
      const length = new Uint8Array(LENGTH);
      new DataView(length.buffer).setUint32(0, message.length);
      const point = isCanonicalSignature(signature) ? pointOf(publicKey) : undefined;
      return point ? [length, point, fromHex(signature), message] : [length, REFUSED, message];
    }),
  );
}

/** Of what `packChecks` has made, and nobody else: a byte for each check, 1 where it holds. */
export function verifyPacked(packed: Uint8Array): Uint8Array<ArrayBuffer> {
  const verdicts: number[] = [];
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  for (let at = 0; at < packed.length; ) {
    const end = at + HEAD + view.getUint32(at);
    const point = packed.subarray(at + LENGTH, at + LENGTH + POINT);
    const signature = packed.subarray(at + LENGTH + POINT, at + HEAD);
    verdicts.push(verifyAt(point, packed.subarray(at + HEAD, end), signature) ? 1 : 0);
    at = end;
  }
  return Uint8Array.from(verdicts);
}
