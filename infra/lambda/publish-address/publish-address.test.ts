import { describe, expect, test } from "vitest";
import { publishAddress } from "./publish-address.mjs";

/** As ECS reports a Fargate task that runs. */
const started = {
  name: "relay-1.mesh.example.org",
  attachments: [
    {
      details: [
        { name: "subnetId", value: "subnet-1" },
        { name: "networkInterfaceId", value: "eni-1" },
        { name: "privateIPv4Address", value: "10.77.0.9" },
      ],
    },
  ],
};

function aws(describe: () => Promise<unknown>) {
  const changes: object[] = [];
  const asked: object[] = [];
  return {
    changes,
    asked,
    parts: {
      describe: (input: object) => {
        asked.push(input);
        return describe();
      },
      change: async (input: object) => changes.push(input),
      hostedZoneId: "Z1",
    },
  };
}

const at = (address: string) => async () => ({
  NetworkInterfaces: [{ Association: { PublicIp: address } }],
});

describe("a member that started", () => {
  test("is found under its name at its new public address", async () => {
    const { parts, changes, asked } = aws(at("203.0.113.7"));
    await publishAddress(started, parts);
    expect(asked).toEqual([{ NetworkInterfaceIds: ["eni-1"] }]);
    expect(changes).toEqual([
      {
        HostedZoneId: "Z1",
        ChangeBatch: {
          Changes: [
            {
              Action: "UPSERT",
              ResourceRecordSet: {
                Name: "relay-1.mesh.example.org",
                Type: "A",
                TTL: 30,
                ResourceRecords: [{ Value: "203.0.113.7" }],
              },
            },
          ],
        },
      },
    ]);
  });

  test("keeps its name when the late event of an older task comes in", async () => {
    const gone = Object.assign(new Error("gone"), { name: "InvalidNetworkInterfaceID.NotFound" });
    const { parts, changes } = aws(() => Promise.reject(gone));
    expect(await publishAddress(started, parts)).toMatchObject({ message: "task is gone" });
    expect(changes).toEqual([]);
  });

  test("is tried again while it has no public address, and when AWS refuses", async () => {
    const none = aws(async () => ({ NetworkInterfaces: [{}] }));
    await expect(publishAddress(started, none.parts)).rejects.toThrow(/no public address yet/);
    const refused = aws(() => Promise.reject(new Error("throttled")));
    await expect(publishAddress(started, refused.parts)).rejects.toThrow("throttled");
    expect([...none.changes, ...refused.changes]).toEqual([]);
  });

  test("is not guessed at when the event names no interface", async () => {
    const { parts } = aws(at("203.0.113.7"));
    await expect(publishAddress({ ...started, attachments: [] }, parts)).rejects.toThrow(
      /names no network interface/,
    );
  });
});
