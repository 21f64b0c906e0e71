import { ConfigError } from "@meshwork/foundation";
import { z } from "zod";

/** `-c relays=3` arrives as text, cdk.json's values as what they are. */
const whole = (what: string) => z.coerce.number(what).int(what);
const yesOrNo = z.union(
  [z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")],
  "it is true or false",
);
const image = z
  .string()
  .regex(
    /^[a-z0-9.:/_-]+(?::[\w.-]+|@sha256:[0-9a-f]{64})$/,
    "an image has a tag or a digest: ghcr.io/acme/meshwork-relay:0.1.0",
  )
  .optional();

/** Every option of a deployment, as CDK context: in cdk.json, or `-c NAME=VALUE`. */
const options = z
  .strictObject({
    /** Names the stacks and services. @default meshwork: one network in an account and region */
    network: z
      .string()
      .regex(/^[a-z][a-z0-9-]{1,23}$/, "2 to 24 lower-case letters, digits and hyphens")
      .default("meshwork"),
    /**
     * What relays and API are named under: `relay-1.DOMAIN`, `api.DOMAIN`.
     * @default none: then only `relayFront=balancer` with `api=false` has lasting addresses
     */
    domain: z
      .string()
      .regex(/^(?:[a-z0-9-]{1,63}\.)+[a-z]{2,63}$/, "a domain is like mesh.example.org")
      .max(200)
      .optional(),
    /** The public Route 53 zone that holds `domain`. It must exist: registrars ask people. @default none */
    hostedZoneId: z
      .string()
      .regex(/^Z[A-Z0-9]{4,31}$/, "a zone's id is like Z0123456789ABC")
      .optional(),
    /** @default 2: one may restart while the other carries on */
    relays: whole("1 to 20 relays").min(1, "1 to 20 relays").max(20, "1 to 20 relays").default(2),
    /**
     * `dns`: each relay has a public address, and a name that follows it. `balancer`: one network
     * load balancer with fixed addresses before all of them.
     * @default dns: a balancer costs as much as one and a half relays
     */
    relayFront: z.enum(["dns", "balancer"], "it is dns or balancer").default("dns"),
    /** @default built when deployed: target `relay` of the Dockerfile */
    relayImage: image,
    /** Whether to deploy the front door. @default true */
    api: yesOrNo.default(true),
    /**
     * Who ends TLS before the API. `proxy`: a process beside it, with certificates by ACME.
     * `balancer`: an application load balancer with an ACM certificate. Both stream.
     * @default proxy: 24 $ a month cheaper; see docs/decisions/api-front.md
     */
    apiFront: z.enum(["proxy", "balancer"], "it is proxy or balancer").default("proxy"),
    /** @default built when deployed: target `api` of the Dockerfile */
    apiImage: image,
    /** @default built from infra/tls-proxy/Dockerfile when deployed */
    proxyImage: image,
    /**
     * Nodes of the team's own that work and may be elected, on durable volumes.
     * @default 0: then members run at least four; a ledger that one team votes on alone is a database
     */
    validators: whole("0 to 20 validators")
      .min(0, "0 to 20 validators")
      .max(20, "0 to 20 validators")
      .default(0),
    /** @default built when deployed: target `edge-node` of the Dockerfile */
    nodeImage: image,
    /**
     * For so long a stored snapshot is deleted by nobody but who may bypass governance, and asks to.
     * @default 30: longer than a holiday
     */
    ledgerLockDays: whole("1 to 3650 days")
      .min(1, "1 to 3650 days")
      .max(3_650, "1 to 3650 days")
      .default(30),
    /** @default 30: long enough to look into last week, short enough to stay cheap */
    logDays: whole("a retention that CloudWatch knows")
      .pipe(
        z.literal(
          [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365],
          "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180 or 365 days",
        ),
      )
      .default(30),
    /** Where alarms go besides the topic; the address must confirm. @default none */
    alarmEmail: z.email("an address is like ops@example.org").optional(),
    /** An alarm when the newest snapshot is older. @default 26: a day and a bit */
    snapshotMaxAgeHours: whole("1 to 720 hours")
      .min(1, "1 to 720 hours")
      .max(720, "1 to 720 hours")
      .default(26),
    /** Who connected to what. @default false: the logs of a public relay cost more than the relay */
    flowLogs: yesOrNo.default(false),
  })
  .superRefine((read, context) => {
    if (read.domain !== undefined && read.hostedZoneId === undefined)
      context.addIssue({ code: "custom", path: ["hostedZoneId"], message: ZONE_NEEDED });
    if (read.domain === undefined && (read.api || read.relayFront === "dns"))
      context.addIssue({ code: "custom", path: ["domain"], message: DOMAIN_NEEDED });
  });

const ZONE_NEEDED = "name the Route 53 zone that holds the domain";
const DOMAIN_NEEDED =
  "a name is needed, with its zone: -c domain=mesh.example.org -c hostedZoneId=Z0123456789ABC " +
  "(without one: -c relayFront=balancer -c api=false)";

export type CloudConfig = Readonly<z.infer<typeof options>>;

/**
 * Context → one schema → frozen value. CDK keeps its own keys there too, all with a slash or a colon;
 * of the others each must be an option of ours: a misspelt one that silently does nothing is the worst.
 */
export function readConfig(context: Readonly<Record<string, unknown>>): CloudConfig {
  const ours = Object.entries(context).filter(([key]) => /^[A-Za-z]\w*$/.test(key));
  const parsed = options.safeParse(Object.fromEntries(ours));
  if (parsed.success) return Object.freeze(parsed.data);
  const issue = parsed.error.issues[0];
  if (issue?.code === "unrecognized_keys") throw unknownOption(issue.keys[0] ?? "");
  const option = String(issue?.path[0] ?? "");
  const value = context[option];
  const found = value === undefined ? "is not set" : `is ${JSON.stringify(value)}`;
  throw new ConfigError("CONFIG_INVALID", `${option} ${found}: ${issue?.message}`, {
    detail: { option, value },
  });
}

const unknownOption = (option: string) =>
  new ConfigError(
    "CONFIG_INVALID",
    `${option} is no option; there are ${Object.keys(options.shape).join(", ")}`,
    { detail: { option } },
  );
