#!/usr/bin/env node
import { codeOf, messageOf } from "@meshwork/foundation";
import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { readConfig } from "../lib/config.ts";
import { deployment } from "../lib/deployment.ts";

/** sysexits.h: EX_CONFIG. */
const EXIT_CONFIGURATION = 78;

try {
  const app = new App();
  deployment(app, readConfig(app.node.getAllContext()));
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
} catch (error) {
  if (codeOf(error) !== "CONFIG_INVALID") throw error;
  process.stderr.write(`${codeOf(error)}: ${messageOf(error)}\n`);
  process.exitCode = EXIT_CONFIGURATION;
}
