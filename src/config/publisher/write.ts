import { defined } from "../../core/base/index.ts";
import type { AcmeAuthority, AcmeConfig } from "./config.ts";

/**
 * Names a file for the place that a config is written for, by what it is there and where it lies here. What is secret
 * is readable by the publisher alone.
 */
export type PlaceFile = (role: string, path: string, isSecret: boolean) => Promise<string>;

async function authorityInput(
  { directory, caFile, profile, eab }: AcmeAuthority,
  role: string,
  place: PlaceFile,
): Promise<object> {
  return {
    directory,
    ...(caFile === undefined ? {} : { caFile: await place(`${role}-ca.pem`, caFile, false) }),
    ...defined({ profile }),
    ...(eab === undefined
      ? {}
      : {
          eab: {
            kidFile: await place(`${role}-eab-kid`, eab.kidFile, true),
            hmacKeyFile: await place(`${role}-eab-key`, eab.hmacKeyFile, true),
          },
        }),
  };
}

/** The section `acme` of a config for another place, in which its files have other names. Rejects as `place` does. */
export async function acmeInput(acme: AcmeConfig, place: PlaceFile): Promise<object> {
  const { fallback, email, challenge } = acme;
  return {
    ...(await authorityInput(acme, "acme", place)),
    ...defined({ email }),
    challenge,
    ...(fallback === undefined ? {} : { fallback: await authorityInput(fallback, "acme-fallback", place) }),
  };
}
