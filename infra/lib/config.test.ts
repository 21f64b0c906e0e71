import { describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";

const least = { domain: "mesh.example.org", hostedZoneId: "Z0123456789ABC" };

describe("the options of a deployment", () => {
  test("have defaults for all but the name under which the network is found", () => {
    expect(readConfig(least)).toMatchObject({
      network: "meshwork",
      relays: 2,
      relayFront: "dns",
      api: true,
      apiFront: "proxy",
      validators: 0,
      logDays: 30,
      flowLogs: false,
    });
  });

  test("may be text, as -c passes them", () => {
    const read = readConfig({
      ...least,
      relays: "3",
      api: "false",
      flowLogs: "true",
      logDays: "7",
    });
    expect(read).toMatchObject({ relays: 3, api: false, flowLogs: true, logDays: 7 });
  });

  test("share the context with CDK's own keys", () => {
    const context = { ...least, "@aws-cdk/core:x": true, "aws:cdk:y": 1, "a:b=c": [] };
    expect(readConfig(context).relays).toBe(2);
  });

  test("are frozen", () => {
    expect(Object.isFrozen(readConfig(least))).toBe(true);
  });

  test.each([
    ["a misspelt name", { relay: 2 }, "relay is no option; there are network, "],
    ["too many relays", { relays: "21" }, 'relays is "21": 1 to 20 relays'],
    ["half a relay", { relays: "1.5" }, 'relays is "1.5": 1 to 20 relays'],
    ["an image without a tag", { apiImage: "acme/api" }, "an image has a tag or a digest"],
    ["a retention that CloudWatch does not know", { logDays: 2 }, "CloudWatch keeps logs for 1, 3"],
    ["an unknown front", { apiFront: "nginx" }, 'apiFront is "nginx": it is proxy or balancer'],
    ["neither true nor false", { api: "yes" }, 'api is "yes": it is true or false'],
    ["a zone that is none", { hostedZoneId: "mesh" }, "a zone's id is like Z0123456789ABC"],
    ["a domain with a path", { domain: "a.org/x" }, "a domain is like mesh.example.org"],
  ])("refuse %s, and say what would do", (_, wrong, message) => {
    expect(() => readConfig({ ...least, ...wrong })).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        exitCode: 78,
        message: expect.stringContaining(message),
      }),
    );
  });

  test("refuse members that nobody could find again", () => {
    expect(() => readConfig({})).toThrow(/domain is not set: a name is needed/);
    expect(() => readConfig({ relayFront: "balancer" })).toThrow(/domain is not set/);
    expect(() => readConfig({ domain: "mesh.example.org" })).toThrow(/hostedZoneId is not set/);
    expect(readConfig({ relayFront: "balancer", api: false }).domain).toBeUndefined();
  });
});
