/**
 * US dollars in us-east-1, a month of 730 hours, as remembered in November 2026: AWS' pages decide.
 * https://aws.amazon.com/fargate/pricing and its neighbours.
 */
export const HOURS = 730;

export const prices = {
  /** Fargate on ARM, an hour. */
  vcpuHour: 0.032_38,
  gibHour: 0.003_56,
  /** Every public IPv4 address in use, an hour. */
  ipv4Hour: 0.005,
  /** A balancer without its traffic, an hour: network and application alike. */
  balancerHour: 0.022_5,
  /** The rest: a month each. */
  secret: 0.4,
  hostedZone: 0.5,
  alarm: 0.1,
  metric: 0.3,
} as const;

/** What comes with use, and is in no total. */
export const usage: readonly (readonly [what: string, price: string])[] = [
  [
    "data out to the internet (relays: every byte of a circuit)",
    "0.09 $ a GB after 100 GB a month",
  ],
  ["through a balancer, besides", "0.006 to 0.008 $ a GB"],
  ["logs taken in", "0.50 $ a GB"],
  ["task data and snapshots in S3", "0.023 $ a GB and month, 0.005 $ a thousand puts"],
  ["anchors in DynamoDB", "0.625 $ a million writes, 0.125 $ a million reads"],
  ["their point-in-time recovery", "0.20 $ a GB and month"],
  ["durable folders in EFS", "0.30 $ a GB and month, 0.06 $ a GB written, 0.03 $ a GB read"],
  ["images in ECR", "0.10 $ a GB and month"],
];
