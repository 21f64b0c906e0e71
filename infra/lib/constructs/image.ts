import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "@meshwork/foundation";
import { IgnoreMode } from "aws-cdk-lib";
import { Repository } from "aws-cdk-lib/aws-ecr";
import { Platform } from "aws-cdk-lib/aws-ecr-assets";
import { ContainerImage } from "aws-cdk-lib/aws-ecs";
import type { Construct } from "constructs";

export interface ImageProps {
  /** The option that names a ready image: `relayImage`. */
  readonly option: string;
  /** Its value. @default built when deployed, by Docker */
  readonly image?: string;
  /** What a build sees, but for what its `.dockerignore` leaves out. It holds the `Dockerfile`. */
  readonly context: string;
  /** One of its stages. @default the last */
  readonly target?: string;
}

/** An image that is there already, or one that `cdk deploy` builds from the sources and pushes. */
export function imageOf(scope: Construct, props: ImageProps): ContainerImage {
  const { option, image, context, target } = props;
  if (image !== undefined) return readyImage(scope, image);
  const dockerfile = join(context, "Dockerfile");
  if (!existsSync(dockerfile))
    throw new ConfigError(
      "CONFIG_INVALID",
      `${option} is not set, and there is no ${dockerfile} to build; name an image: -c ${option}=…`,
      { detail: { option, dockerfile } },
    );
  return ContainerImage.fromAsset(context, {
    ...(target !== undefined && { target }),
    ignoreMode: IgnoreMode.DOCKER,
    platform: Platform.LINUX_ARM64,
  });
}

const ECR = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^:@]+)[:@](.+)$/;

/** A private ECR repository must be granted to the task; others are public. */
function readyImage(scope: Construct, image: string): ContainerImage {
  const [, account, region, name, tagOrDigest] = ECR.exec(image) ?? [];
  if (name === undefined) return ContainerImage.fromRegistry(image);
  const repository = Repository.fromRepositoryAttributes(scope, "Images", {
    repositoryName: name,
    repositoryArn: `arn:aws:ecr:${region}:${account}:repository/${name}`,
  });
  return ContainerImage.fromEcrRepository(repository, tagOrDigest);
}
