import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { createSecureContext, getCACertificates } from "node:tls";
import { errorText, isoTime } from "../../../core/base/index.ts";
import { allowsDigitalSignature, basicConstraintsOf } from "../../../core/x509/index.ts";
import { type CertificateChain, chainText, namesOf, readCertificates, validityOf } from "./chain.ts";

/** The requirements on a server's chain. */
export interface ChainRequirements {
  /** DNS names, wildcards and addresses, each of which the leaf has to name. */
  readonly names: readonly string[];
  /** Whether the leaf may name nothing else. */
  readonly noOtherNames?: boolean;
  /** PEM of the key that is served with it. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Roots that may stand above the chain, beside those of the system and the one in it. */
  readonly roots?: readonly X509Certificate[];
  /** The chain that is served now. */
  readonly before?: CertificateChain | undefined;
}

// A CA's clock may be ahead of ours; more than a day is an error.
const maxSkew = 24 * 3_600_000;

// RFC 5280 §4.2.1.12.
const serverAuth = ["1.3.6.1.5.5.7.3.1", "2.5.29.37.0"];

const nameOf = (certificate: X509Certificate): string => certificate.subject.replaceAll("\n", ", ");

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function dateFault(what: string, certificate: X509Certificate, now: number): string | undefined {
  const { notBefore, notAfter } = validityOf(certificate);
  if (notAfter <= now) return `${what} has expired at ${isoTime(notAfter)}; is this machine's clock right?`;
  if (notBefore <= now + maxSkew) return undefined;
  return `${what} begins at ${isoTime(notBefore)} only; is this machine's clock right?`;
}

function usageFault(what: string, certificate: X509Certificate): string | undefined {
  const { keyUsage: usages } = certificate as { keyUsage: readonly string[] | undefined };
  if (usages === undefined || usages.some((one) => serverAuth.includes(one))) return undefined;
  return `${what} is not for servers (its extended key usage lacks serverAuth)`;
}

function isNamed(leaf: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) return leaf.checkIP(name) !== undefined;
  // A wildcard is named by itself alone.
  if (name.startsWith("*.")) return namesOf(leaf).includes(name);
  return leaf.checkHost(name, { subject: "never" }) !== undefined;
}

function leafFault(leaf: X509Certificate, wanted: ChainRequirements): string | undefined {
  const key = createPublicKey(createPrivateKey(wanted.key));
  if (!leaf.publicKey.equals(key)) return "the certificate is for another key";
  const missing = wanted.names.filter((name) => !isNamed(leaf, name));
  if (missing.length > 0 || (wanted.noOtherNames === true && namesOf(leaf).length > wanted.names.length))
    return `the certificate is for ${namesOf(leaf).join(", ") || "no name"}, not for ${wanted.names.join(", ")}`;
  // A self-signed one is its own CA: trusting it trusts no other certificate.
  if (basicConstraintsOf(leaf)?.ca === true && !isSelfSigned(leaf))
    return "the certificate is that of a CA (basicConstraints): with its key others could be signed";
  if (allowsDigitalSignature(leaf) === false)
    return "the certificate's key may not sign (its key usage lacks digitalSignature), as TLS needs";
  return undefined;
}

// Too short a key, too weak a signature: what OpenSSL would refuse.
function tlsFault(chain: CertificateChain, key: string): string | undefined {
  try {
    createSecureContext({ cert: chainText(chain), key });
    return undefined;
  } catch (error) {
    return `TLS does not take it: ${errorText(error)}`;
  }
}

function issuerFault(chain: CertificateChain, index: number): string | undefined {
  const certificate = chain[index] as X509Certificate;
  const what = `the issuer ${nameOf(certificate)}`;
  // A root is trusted by itself, whatever it contains (RFC 5280 §6.1.1 d).
  if (index === chain.length - 1 && isSelfSigned(certificate)) return undefined;
  if (!certificate.ca) return `${what} is no CA (basicConstraints)`;
  const maxBelow = basicConstraintsOf(certificate)?.pathLength;
  if (maxBelow !== undefined && index - 1 > maxBelow)
    return `${what} may have ${maxBelow} CAs below it, not ${index - 1}`;
  return usageFault(what, certificate);
}

function linkFault(chain: CertificateChain): string | undefined {
  const index = chain.findIndex((certificate, at) => {
    const issuer = chain[at + 1];
    return issuer !== undefined && !issued(issuer, certificate);
  });
  return index === -1
    ? undefined
    : `certificate ${index + 1} of the chain is not signed by the one after it (${nameOf(chain[index + 1] as X509Certificate)})`;
}

/** The certificates of PEM texts, as roots; what cannot be read is left out. */
export function rootsOf(pem: string | readonly string[]): readonly X509Certificate[] {
  return [pem].flat().flatMap((text) => {
    try {
      return readCertificates(text);
    } catch {
      return [];
    }
  });
}

let bySubject: Map<string, readonly string[]> | undefined;

/** The system's roots of this name. Read once: there are a hundred and more. */
function systemRoots(subject: string): readonly X509Certificate[] {
  if (bySubject === undefined) {
    bySubject = Map.groupBy(getCACertificates("default"), (pem) => new X509Certificate(pem).subject);
  }
  return (bySubject.get(subject) ?? []).map((pem) => new X509Certificate(pem));
}

/** Whether a chain ends at a root: one in it, one of the system's, or one that was given. */
export function isRooted(chain: CertificateChain, wanted: Pick<ChainRequirements, "roots" | "now">): boolean {
  const top = chain.at(-1) as X509Certificate;
  if (isSelfSigned(top)) return true;
  const roots = [...(wanted.roots ?? []), ...systemRoots(top.issuer)];
  return roots.some((root) => issued(root, top) && dateFault("", root, wanted.now) === undefined);
}

// A private CA's root is often not known here: then the chain served before shows what is missing.
function endFault(chain: CertificateChain, wanted: ChainRequirements): string | undefined {
  if (isRooted(chain, wanted)) return undefined;
  const top = chain.at(-1) as X509Certificate;
  const issuer = top.issuer.replaceAll("\n", ", ");
  const fault = `an intermediate is missing: the chain ends at ${nameOf(top)}, whose issuer ${issuer} is no root that is known here`;
  const before = wanted.before ?? [];
  if (before.some((one) => !isSelfSigned(one) && issued(one, top))) return fault;
  return chain.length === 1 && before.length !== 1 ? fault : undefined;
}

/**
 * Why a server should not serve this chain, in a sentence; undefined when it may (RFC 5280 §6.1, as far as it can be
 * checked here). Checked are the leaf's key, names and usage; that each certificate is good now, for servers, and
 * signed by the next; that those above the leaf are CAs; and that no intermediate is missing at the end.
 */
export function chainFault(chain: CertificateChain, wanted: ChainRequirements): string | undefined {
  try {
    return faultOf(chain, wanted);
  } catch (error) {
    return `the chain cannot be read: ${errorText(error)}`;
  }
}

function faultOf(chain: CertificateChain, wanted: ChainRequirements): string | undefined {
  const [leaf, ...issuers] = chain;
  return (
    leafFault(leaf, wanted) ??
    dateFault("the certificate", leaf, wanted.now) ??
    usageFault("the certificate", leaf) ??
    linkFault(chain) ??
    issuers
      .map(
        (one, index) =>
          dateFault(`the issuer ${nameOf(one)}`, one, wanted.now) ?? issuerFault(chain, index + 1),
      )
      .find((fault) => fault !== undefined) ??
    endFault(chain, wanted) ??
    tlsFault(chain, wanted.key)
  );
}
