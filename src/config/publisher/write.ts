import { defined, mapped } from "../../core/base/index.ts";
import type { AcmeAuthority, AcmeConfig } from "./config.ts";

/**
 * Names a file at the target of a config, by its role there and its path here. Secret files are readable by
 * the publisher alone.
 */
export type NameFile = (role: string, path: string, isSecret: boolean) => Promise<string>;

async function authorityInput(
  { directory, caFile, profile, eab }: AcmeAuthority,
  role: string,
  place: NameFile,
): Promise<object> {
  return {
    directory,
    ...defined({
      caFile: await mapped(caFile, (path) => place(`${role}-ca.pem`, path, false)),
      profile,
      eab: await mapped(eab, async (files) => ({
        kidFile: await place(`${role}-eab-kid`, files.kidFile, true),
        hmacKeyFile: await place(`${role}-eab-key`, files.hmacKeyFile, true),
      })),
    }),
  };
}

/** The section `acme` of a config for another place, in which its files have other names. Rejects as `place` does. */
export async function acmeInput(acme: AcmeConfig, place: NameFile): Promise<object> {
  const { fallback, email, challenge } = acme;
  return {
    ...(await authorityInput(acme, "acme", place)),
    ...defined({ email }),
    challenge,
    ...defined({
      fallback: await mapped(fallback, (authority) => authorityInput(authority, "acme-fallback", place)),
    }),
  };
}
