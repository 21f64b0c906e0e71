import {
  digestOf,
  generateKeyPair,
  type KeyPair,
  nodeIdOf,
  secretOf,
  sign,
} from "@meshwork/crypto";
import {
  type ChainId,
  fromHex,
  type NodeId,
  type Points,
  type Random,
  toHex,
} from "@meshwork/foundation";
import { type Invite, voucherBody } from "@meshwork/protocol";

export interface InvitePlan {
  readonly chainId: ChainId;
  /** Who vouches. @default the name of the key: right until its first rotation */
  readonly issuer?: NodeId;
  /** Multiaddrs, each with its /p2p/ PeerId. */
  readonly relays: readonly string[];
  /** Points that move from the issuer to each newcomer. */
  readonly grant: bigint;
  /** How many newcomers may use it. */
  readonly uses: number;
  /** Wall time. */
  readonly notAfter: number;
  /** A recent end of an epoch. @default none: the newcomer trusts the genesis */
  readonly checkpoint?: Invite["checkpoint"];
}

/** The issuer pays the grants, and answers for whom he lets in. */
export function makeInvite(issuer: KeyPair, plan: InvitePlan, random: Random): Invite {
  const voucherKey = generateKeyPair(random);
  const body = {
    chainId: plan.chainId,
    issuer: plan.issuer ?? nodeIdOf(issuer.publicKey),
    voucherKey: voucherKey.publicKey,
    grant: plan.grant as Points,
    uses: plan.uses,
    notAfter: plan.notAfter,
  };
  const message = fromHex(digestOf("meshwork/credential/1", voucherBody.encode(body)));
  return {
    chainId: plan.chainId,
    relays: [...plan.relays],
    voucher: { body, signature: sign(issuer, message) },
    voucherSecret: toHex(secretOf(voucherKey)),
    checkpoint: plan.checkpoint ?? null,
  };
}
