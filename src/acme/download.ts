import type { X509Certificate } from "node:crypto";
import { errorText, PodtrustError } from "../base/index.ts";
import type { AcmeAccount } from "./account.ts";
import { namesOf, readChain, validityOf } from "./chain.ts";

// A CA's clock may be ahead of ours; more than a day is no clock any more.
const mostSkew = 24 * 3_600_000;

type Chain = readonly [X509Certificate, ...X509Certificate[]];

/** What a certificate has to be. `publicKey`: SubjectPublicKeyInfo in DER; `now` in ms since the epoch. */
export interface WantedCertificate {
  readonly names: readonly string[];
  readonly publicKey: Uint8Array;
  readonly now: number;
}

function refuse(why: string, cause?: unknown): never {
  throw new PodtrustError("acme-certificate-invalid", why, cause === undefined ? {} : { cause });
}

function checkedChain(text: string): Chain {
  try {
    return readChain(text);
  } catch (error) {
    return refuse(`the CA's chain is unusable: ${errorText(error)}`, error);
  }
}

/** Throws `acme-certificate-invalid` unless the certificate is the one that was asked for, and good now. */
export function checkLeaf(leaf: X509Certificate, wanted: WantedCertificate): void {
  const spki = leaf.publicKey.export({ type: "spki", format: "der" });
  if (!spki.equals(wanted.publicKey)) refuse("the certificate is for another key than the one that was sent");
  const names = namesOf(leaf);
  if (names.join() !== [...wanted.names].sort().join()) {
    refuse(`the certificate is for ${names.join(", ")}, not for ${wanted.names.join(", ")}`);
  }
  const { notBefore, notAfter } = validityOf(leaf);
  const clock = "is this machine's clock right?";
  if (notAfter <= wanted.now) {
    refuse(`the new certificate has expired at ${new Date(notAfter).toISOString()}; ${clock}`);
  }
  if (notBefore > wanted.now + mostSkew) {
    refuse(`the new certificate begins at ${new Date(notBefore).toISOString()} only; ${clock}`);
  }
}

/** The common name of the root that a chain leads to, whether it is in it or not. */
function rootOf(chain: Chain): string {
  return /^CN=(.*)$/mu.exec(chain.at(-1)?.issuer ?? "")?.[1] ?? "";
}

/** The chain at `url`, or the first of its alternates that leads to `preferredRoot` where it does not itself. */
export async function downloadChain(
  account: Pick<AcmeAccount, "certificate">,
  url: string,
  preferredRoot: string | undefined,
  signal?: AbortSignal,
): Promise<Chain> {
  const first = await account.certificate(url, signal);
  const chain = checkedChain(first.chain);
  if (preferredRoot === undefined || rootOf(chain) === preferredRoot) return chain;
  for (const alternate of first.alternates) {
    const other = checkedChain((await account.certificate(alternate, signal)).chain);
    if (rootOf(other) === preferredRoot) return other;
  }
  return chain;
}
