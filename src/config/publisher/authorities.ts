import { defined, errorText, mapped, PodtrustError } from "../../core/base/index.ts";
import { readBoundedText, readCredentialFile } from "../../core/files/index.ts";
import type { AcmeAuthority, AcmeConfig } from "./config.ts";

/** A certificate authority of a config, with what its files hold. */
export interface AcmeIssuer {
  /** URL of the ACME directory. */
  readonly directory: string;
  /** The account's mail address. */
  readonly email?: string;
  /** PEM of the roots that the directory's own certificate is verified with; absent: the public ones. */
  readonly ca?: string;
  readonly profile?: string;
  /** External account binding (RFC 8555 §7.3.4): the key, in base64url, is a secret. */
  readonly externalAccount?: { readonly kid: string; readonly hmacKey: string };
}

// A bundle of every public root comes to a quarter of this.
const maxFile = 1024 * 1024;

async function textIn(path: string, isSecret = false): Promise<string> {
  try {
    return isSecret
      ? (await readCredentialFile("acme-eab", path)).text.trim()
      : (await readBoundedText(path, maxFile)).trim();
  } catch (cause) {
    throw new PodtrustError("file-unreadable", `${path}: ${errorText(cause)}`, { cause });
  }
}

async function issuerOf(
  { directory, caFile, profile, eab }: AcmeAuthority,
  email: string | undefined,
): Promise<AcmeIssuer> {
  return {
    directory,
    ...defined({
      email,
      ca: await mapped(caFile, (path) => textIn(path)),
      profile,
      externalAccount: await mapped(eab, async (files) => ({
        kid: await textIn(files.kidFile, true),
        hmacKey: await textIn(files.hmacKeyFile, true),
      })),
    }),
  };
}

/** The authorities of a section, in the order in which they are asked. */
export function acmeAuthorities(acme: AcmeConfig): readonly AcmeAuthority[] {
  return acme.fallback === undefined ? [acme] : [acme, acme.fallback];
}

/** The same with what their files hold. Throws `file-unreadable`. */
export function acmeIssuers(acme: AcmeConfig): Promise<readonly AcmeIssuer[]> {
  return Promise.all(acmeAuthorities(acme).map((one) => issuerOf(one, acme.email)));
}
