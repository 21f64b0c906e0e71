import { execFile } from "node:child_process";
import { cp, mkdir, realpath, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Workshop } from "./workshop.ts";

/** In place of `node:24…-slim`. */
export const BASE_IMAGE = "localhost/node-slim";

/** What the public image has of Debian, as far as we use it. */
const DEBIAN = ["base-files", "coreutils", "dash", "findutils", "libc6", "libstdc++6"];

/**
 * A base image from Debian's packages, the Node that the lock pins and the npm that runs this, since
 * a test must not depend on a registry of images. Nothing of it is executed while it is made.
 */
export async function makeBaseImage({ folder, buildah }: Workshop): Promise<void> {
  const root = join(folder, "base");
  await promisify(execFile)("mmdebstrap", [
    "--variant=extract",
    `--include=${DEBIAN.join(",")}`,
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "bookworm",
    root,
    "http://deb.debian.org/debian",
  ]);
  const local = join(root, "usr/local");
  await mkdir(join(local, "lib/node_modules"), { recursive: true });
  await cp(await realpath(process.execPath), join(local, "bin/node"));
  await cp(npmFolder(), join(local, "lib/node_modules/npm"), { recursive: true });
  await symlink("../lib/node_modules/npm/bin/npm-cli.js", join(local, "bin/npm"));

  const container = await buildah("from", "scratch");
  await buildah("copy", "--quiet", container, root, "/");
  // As the public image has it; the Dockerfile must do away with it.
  await buildah("config", "--entrypoint", '["docker-entrypoint.sh"]', container);
  await buildah("commit", "--quiet", "--rm", container, BASE_IMAGE);
}

/** npm tells its scripts where it is: …/npm/bin/npm-cli.js */
function npmFolder(): string {
  const cli = process.env.npm_execpath;
  if (cli === undefined) throw new Error("start it by npm: npm run test:container");
  return dirname(dirname(cli));
}
