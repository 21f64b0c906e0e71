import { digestOf, type KeyPair, sign, verify } from "@meshwork/crypto";
import {
  blockHash,
  type ChainId,
  chainId,
  type Digest,
  fromHex,
  milliseconds,
  nodeId,
  type PublicKey,
  points,
  publicKey,
  type Signature,
  signature,
  utf8,
} from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";

/**
 * A voucher lets its holder bring strangers into a network: the issuer, an account of the ledger,
 * pays each newcomer's grant. It bears a key of its own, which the invite string carries.
 */
export const unsignedVoucher = z.strictObject({
  chainId,
  issuer: nodeId,
  voucherKey: publicKey,
  /** Points that move from the issuer to each newcomer. */
  grant: points,
  uses: z.int().min(1).max(10_000),
  /** Wall time, against the time of the block that registers. */
  notAfter: milliseconds,
});
export const voucherBody = wire(unsignedVoucher, { name: "voucher", maxBytes: 512 });
export type VoucherBody = z.infer<typeof unsignedVoucher>;

/** `signature` is the issuer's, over `digestOf("meshwork/credential/1", voucherBody)`. */
export const voucher = z.strictObject({ body: unsignedVoucher, signature });
export type Voucher = z.infer<typeof voucher>;

/** What the issuer signs, and the name under which the ledger counts the voucher's uses. */
export const voucherHash = (body: VoucherBody): Digest =>
  digestOf("meshwork/credential/1", voucherBody.encode(body));

export const signVoucher = (issuer: KeyPair, body: VoucherBody): Voucher => ({
  body,
  signature: sign(issuer, fromHex(voucherHash(body))),
});

export const verifyVoucher = (issuerKey: PublicKey, value: Voucher): boolean =>
  verify(issuerKey, fromHex(voucherHash(value.body)), value.signature);

/**
 * What the voucher's key signs to admit one newcomer: nobody who sees the registration can reuse it
 * for another key.
 */
export const admissionMessage = (network: ChainId, newcomer: PublicKey): Uint8Array =>
  fromHex(digestOf("meshwork/credential/1", utf8("admit"), fromHex(network), fromHex(newcomer)));

export const signAdmission = (
  voucherKeyPair: KeyPair,
  network: ChainId,
  newcomer: PublicKey,
): Signature => sign(voucherKeyPair, admissionMessage(network, newcomer));

export const verifyAdmission = (
  { voucherKey, chainId: network }: VoucherBody,
  newcomer: PublicKey,
  by: Signature,
): boolean => verify(voucherKey, admissionMessage(network, newcomer), by);

/** What the invite string holds: enough to find the network and to be let in. */
export const invite = wire(
  z.strictObject({
    chainId,
    /** Multiaddrs of relays, each with its /p2p/ PeerId. */
    relays: z.array(z.string().max(256)).min(1).max(16),
    voucher,
    /** The SM2 secret of `voucherKey`: an invite is a bearer token. */
    voucherSecret: z.string().regex(/^[0-9a-f]{64}$/),
    /**
     * The end of an epoch, as the issuer's node checked it: whoever trusts him to let them in can trust his
     * word for where the ledger stood, once the genesis is too old to prove it. Null: none had ended.
     */
    checkpoint: z
      .strictObject({
        height: z
          .int()
          .min(1)
          .max(2 ** 48),
        hash: blockHash,
      })
      .nullable(),
  }),
  { name: "invite", maxBytes: 8_192 },
);
export type Invite = z.infer<typeof invite.schema>;
