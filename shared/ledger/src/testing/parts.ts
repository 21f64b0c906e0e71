import type { OrderId } from "@meshwork/foundation";
import {
  type Mandate,
  mandatedOrder,
  signMandate,
  signTransaction,
  slotNonce,
  type Transaction,
  transactionIdOf,
} from "@meshwork/protocol";
import { testOrder } from "./actors.ts";
import { seededDigest, type TestMember } from "./members.ts";
import type { TestNetwork } from "./network.ts";

/** A mandate of the network's requester for a gateway, which is the first member unless told otherwise. */
export function mandateOf(network: TestNetwork, change: Partial<Mandate> = {}): Mandate {
  const gateway = network.members[0] as TestMember;
  const { contractHash: _, ...order } = testOrder(gateway.nodeId);
  return {
    chainId: network.chainId,
    requester: network.requester.nodeId,
    jobHash: seededDigest("job"),
    orders: 4,
    order,
    notAfter: network.header.time + 600_000,
    ...change,
  };
}

/** One slot, as an honest gateway places it. @param change of the unsigned transaction, by a dishonest one */
export function partOf(
  network: TestNetwork,
  mandate: Mandate,
  { slot = 0, signer = network.requester, change = {} }: PartOptions = {},
): Transaction {
  const gateway = network.memberOf(mandate.order.gateway);
  const signature = signMandate(network.keyPairOf(signer), mandate);
  const contractHash = seededDigest(`contract of ${slot}`);
  return signTransaction(network.keyPairOf(gateway), {
    chainId: network.chainId,
    sender: gateway.nodeId,
    nonce: slotNonce(mandate, slot),
    notAfter: mandate.notAfter,
    body: { kind: "part", mandate, signature, slot, contractHash },
    ...change,
  });
}
interface PartOptions {
  slot?: number;
  signer?: TestMember;
  change?: Partial<Transaction["unsigned"]>;
}

export const orderIdOf = ({ unsigned }: Transaction): OrderId =>
  transactionIdOf(unsigned) as string as OrderId;

export const orderIn = (mandate: Mandate, slot: number) =>
  mandatedOrder(mandate, seededDigest(`contract of ${slot}`));
