import type { IdentityField } from "./identity.ts";

/** Where the keys lie while the task runs: a volume of its own, gone with the task. */
export const RUN_FOLDER = "/run/meshwork";

/** What ECS can only give as variables and our programs read as files. */
const FILES = {
  keystore: "keystore.json",
  passphrase: "passphrase",
  genesis: "genesis.json",
} as const satisfies Partial<Record<IdentityField, string>>;

export const fileSettings = {
  MESHWORK_KEYSTORE: `${RUN_FOLDER}/${FILES.keystore}`,
  MESHWORK_PASSPHRASE_FILE: `${RUN_FOLDER}/${FILES.passphrase}`,
  MESHWORK_GENESIS: `${RUN_FOLDER}/${FILES.genesis}`,
} as const;

export const fileFields = Object.keys(FILES) as (keyof typeof FILES)[];

/** `IDENTITY_KEYSTORE`: not one of ours, which the programs would refuse as unknown. */
export const variableOf = (field: IdentityField) => `IDENTITY_${field.toUpperCase()}`;

/**
 * For `sh -c`: writes the secrets to files that only the owner reads, forgets the variables, so that
 * no child process inherits them, and becomes the program named by its arguments. `printf` is built
 * into the shell: nothing shows in a list of processes.
 */
export const startScript = (folder: string = RUN_FOLDER): string =>
  [
    "set -eu",
    "umask 077",
    ...fileFields.map((field) => `printf %s "$${variableOf(field)}" >${folder}/${FILES[field]}`),
    `unset ${fileFields.map(variableOf).join(" ")}`,
    'exec "$0" "$@"',
  ].join("\n");
