import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { isoTime } from "../../core/base/index.ts";
import { createAuthority, issueCertificate, newKeyPair, privateKeyPem } from "../../core/x509/index.ts";

/** A certificate and its key, PEM (PKCS #8). */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** Clocks of machines differ: a certificate is valid from this long before it was made, in milliseconds. */
const skew = 3_600_000;

/** `now` and `life` in milliseconds. */
interface Validity {
  readonly now: number;
  readonly life: number;
}

const dates = ({ now, life }: Validity) => ({
  notBefore: new Date(now - skew),
  notAfter: new Date(now + life),
});

/** A certificate authority with a P-256 key, that signs no other authority. */
export async function makeAuthority(validity: Validity): Promise<KeyedCertificate> {
  // Two authorities overlap while one replaces the other; their names tell them apart too.
  const commonName = `podtrust webhook ${isoTime(validity.now)}`;
  const made = await createAuthority({ commonName, pathLength: 0, ...dates(validity) });
  return { certificate: made.certificate.toString(), key: privateKeyPem(made.privateKey) };
}

/** A server's certificate for DNS names, signed by an authority. */
export async function signServing(
  authority: KeyedCertificate,
  names: readonly string[],
  validity: Validity,
): Promise<KeyedCertificate> {
  const issuer = {
    certificate: new X509Certificate(authority.certificate),
    privateKey: createPrivateKey(authority.key),
  };
  const { publicKey, privateKey } = await newKeyPair();
  const certificate = issueCertificate(issuer, {
    subject: { commonName: names[0] ?? "" },
    names,
    publicKey,
    usages: ["server"],
    ...dates(validity),
  });
  return { certificate: certificate.toString(), key: privateKeyPem(privateKey) };
}

/** Validity of a certificate; milliseconds since the epoch. */
export interface Term {
  readonly from: number;
  readonly until: number;
}

/** Throws what node:crypto does for a text that is no certificate. */
export function termOf({ certificate }: Pick<KeyedCertificate, "certificate">): Term {
  const { validFrom, validTo } = new X509Certificate(certificate);
  return { from: Date.parse(validFrom), until: Date.parse(validTo) };
}

/** Identifies a certificate. */
export function fingerprintOf({ certificate }: Pick<KeyedCertificate, "certificate">): string {
  return createHash("sha256").update(new X509Certificate(certificate).raw).digest("hex");
}
