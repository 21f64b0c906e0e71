/**
 * @typedef {{ name: string, attachments: { details: { name: string, value: string }[] }[] }} Started
 *   What the rule passes on of a task's state change.
 * @typedef {{ describe: (input: object) => Promise<any>, change: (input: object) => Promise<unknown>, hostedZoneId: string }} Parts
 */

/** Short: peers must find a relay that was replaced. Lookups cost 0.40 $ a million. */
const TTL_SECONDS = 30;

/**
 * Points `name` to the public address of the task that started. Events may come twice and in any
 * order: an interface that is gone belongs to an older task, whose event is then passed over.
 *
 * @param {Started} started
 * @param {Parts} parts
 */
export async function publishAddress({ name, attachments }, { describe, change, hostedZoneId }) {
  const networkInterface = interfaceOf(attachments);
  const address = await addressOf(networkInterface, describe);
  if (address === null) return { message: "task is gone", name, networkInterface };
  await change({
    HostedZoneId: hostedZoneId,
    ChangeBatch: {
      Changes: [
        {
          Action: "UPSERT",
          ResourceRecordSet: {
            Name: name,
            Type: "A",
            TTL: TTL_SECONDS,
            ResourceRecords: [{ Value: address }],
          },
        },
      ],
    },
  });
  return { message: "address published", name, address };
}

/** @param {Started["attachments"]} attachments */
function interfaceOf(attachments) {
  const details = attachments.flatMap((attachment) => attachment.details);
  const id = details.find(({ name }) => name === "networkInterfaceId")?.value;
  if (id === undefined) throw new Error("the event names no network interface");
  return id;
}

/**
 * @param {string} networkInterface
 * @param {Parts["describe"]} describe
 * @returns {Promise<string | null>}
 */
async function addressOf(networkInterface, describe) {
  try {
    const { NetworkInterfaces } = await describe({ NetworkInterfaceIds: [networkInterface] });
    const address = NetworkInterfaces?.[0]?.Association?.PublicIp;
    if (address === undefined) throw new Error(`${networkInterface} has no public address yet`);
    return address;
  } catch (error) {
    if (error instanceof Error && error.name === "InvalidNetworkInterfaceID.NotFound") return null;
    throw error;
  }
}
