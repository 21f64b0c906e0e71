import { CfnOutput, RemovalPolicy } from "aws-cdk-lib";
import { Secret as EcsSecret } from "aws-cdk-lib/aws-ecs";
import { type CfnSecret, type ISecret, Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import { accept } from "./accept.ts";

/** What is stored for one member, as one JSON object. Each becomes a variable of its container. */
export type IdentityField = "keystore" | "passphrase" | "genesis" | "relays" | "invite";

export interface IdentityProps {
  /** Whose key it is: `relay-1`, `api`, `validator-2`. */
  readonly member: string;
}

/**
 * The place of one member's keys. It is made empty, and never with a random value that looks like a
 * key: the operator stores the keystore there before the services start (docs/cloud/deploy.md).
 */
export class Identity extends Construct {
  readonly secret: ISecret;

  constructor(scope: Construct, id: string, { member }: IdentityProps) {
    super(scope, id);
    const secret = new Secret(this, "Secret", {
      description: `Keystore, passphrase and network of ${member}`,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    // CDK asks for a random password where no value is given.
    (secret.node.defaultChild as CfnSecret).addPropertyDeletionOverride("GenerateSecretString");
    accept(secret, "SMG4", "The key is the member's name: peers know it by nothing else");
    this.secret = secret;
    new CfnOutput(this, "Name", {
      value: secret.secretArn,
      description: `Where the keys of ${member} go`,
    });
  }

  field(field: IdentityField): EcsSecret {
    return EcsSecret.fromSecretsManager(this.secret, field);
  }
}
