import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { readConfig } from "../lib/config.ts";
import { deployment } from "../lib/deployment.ts";

/** What the CLI would pass: the flags change what is synthesised. */
const { context: flags } = JSON.parse(
  readFileSync(new URL("../../cdk.json", import.meta.url), "utf8"),
);

/** The least that a deployment must be told, and images, so that no file of the tree is hashed. */
export const example = {
  domain: "mesh.example.org",
  hostedZoneId: "Z0123456789ABC",
  relayImage: "meshwork-relay:0",
  apiImage: "meshwork-api:0",
  nodeImage: "meshwork-edge-node:0",
} as const;

export const contextOf = (options: object): Record<string, unknown> => ({
  ...flags,
  ...example,
  ...options,
});

export interface Resource {
  /** Of its stack: `relay`, `data`, … */
  readonly part: string;
  readonly id: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly deletionPolicy: string | undefined;
  readonly updateReplacePolicy: string | undefined;
  readonly dependsOn: readonly string[];
}

/** All resources of a deployment with these options. */
export function synthesise(options: object = {}): readonly Resource[] {
  const outdir = mkdtempSync(join(tmpdir(), "meshwork-synth-"));
  try {
    const app = new App({ context: contextOf(options), outdir });
    const config = readConfig(app.node.getAllContext());
    deployment(app, config);
    return app
      .synth()
      .stacks.flatMap(({ stackName, template }) =>
        resourcesOf(stackName.slice(config.network.length + 1), template.Resources),
      );
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

const resourcesOf = (part: string, resources: Readonly<Record<string, Template>>): Resource[] =>
  Object.entries(resources).map(([id, resource]) => ({
    part,
    id,
    type: resource.Type,
    properties: resource.Properties ?? {},
    deletionPolicy: resource.DeletionPolicy,
    updateReplacePolicy: resource.UpdateReplacePolicy,
    dependsOn: resource.DependsOn ?? [],
  }));

interface Template {
  Type: string;
  Properties?: Record<string, unknown>;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  DependsOn?: string[];
}

export const ofType = (resources: readonly Resource[], ...types: string[]): Resource[] =>
  resources.filter(({ type }) => types.some((name) => type === `AWS::${name}`));

export function only<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined || items.length > 1)
    throw new Error(`expected one, there are ${items.length}`);
  return item;
}

/** Property `name`, which must be a list. */
export function list(resource: Resource, name: string): readonly Record<string, unknown>[] {
  const value = resource.properties[name] ?? [];
  if (!Array.isArray(value)) throw new Error(`${name} of ${resource.id} is no list`);
  return value;
}
