import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The programs that hold keys for `podtrust signer`, by where their manifests stand. Each is a package of its own, with a
 * lock file of its own: neither podtrust's package nor its executables have any of it (docs/adr/0034-signer.md).
 */
export const holderFolders = ["packages/kms", "packages/pkcs11"] as const;
export type HolderFolder = (typeof holderFolders)[number];

/** Packages that only they bring. */
export const foreignToPodtrust = ["@aws-sdk/client-kms", "node-api-headers", "pkcs11js"] as const;

interface Locked {
  readonly packages: Readonly<Record<string, { readonly dev?: true }>>;
}

/** What installing one of them installs, itself first, by the lock file beside its manifest. */
export function lockedOf(folder: HolderFolder): readonly string[] {
  const { packages } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")) as Locked;
  const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly name: string;
  };
  const installed = Object.entries(packages).filter(([path, { dev }]) => path !== "" && dev !== true);
  return [name, ...installed.map(([path]) => path.slice(path.lastIndexOf("node_modules/") + 13))];
}

/** Puts the licence into each, which is the one file of theirs that is elsewhere. */
export function assembleHolders(): void {
  for (const folder of holderFolders)
    if (!existsSync(join(folder, "LICENSE"))) cpSync("LICENSE", join(folder, "LICENSE"));
}
