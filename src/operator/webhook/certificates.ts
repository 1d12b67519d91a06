import { createHash, webcrypto, X509Certificate } from "node:crypto";
import { newSerialNumber, pemOf } from "../../core/base/index.ts";

/** A certificate and its key, PEM (PKCS #8). */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly key: string;
}

const ecdsa = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
/** Machines' clocks differ: a certificate is good from this long before it was made, in milliseconds. */
const skew = 3_600_000;

/** Loaded by who makes certificates: the replica that leads, a few times a year. */
async function library() {
  await import("reflect-metadata");
  return import("@peculiar/x509");
}

async function keyed(
  certificate: { rawData: ArrayBuffer },
  keys: webcrypto.CryptoKeyPair,
): Promise<KeyedCertificate> {
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { certificate: pemOf("CERTIFICATE", certificate.rawData), key: pemOf("PRIVATE KEY", key) };
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ecdsa, true, ["sign", "verify"]);

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
  const x509 = await library();
  const keys = await newKeys();
  // Two of them stand beside one another while one takes the other's place, and are told apart by their names too.
  const name = [{ CN: [`podtrust webhook ${new Date(validity.now).toISOString()}`] }];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerialNumber().toString("hex"),
    subject: name,
    issuer: name,
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: ecdsa,
    ...dates(validity),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return keyed(certificate, keys);
}

/** A server's certificate for DNS names, signed by an authority. */
export async function signServing(
  authority: KeyedCertificate,
  names: readonly string[],
  validity: Validity,
): Promise<KeyedCertificate> {
  const x509 = await library();
  const keys = await newKeys();
  const signer = new x509.X509Certificate(authority.certificate);
  const der = Buffer.from(authority.key.replaceAll(/-----[^-]+-----|\s/gu, ""), "base64");
  const signingKey = await webcrypto.subtle.importKey("pkcs8", der, ecdsa, false, ["sign"]);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerialNumber().toString("hex"),
    subject: [{ CN: [names[0] ?? ""] }],
    issuer: signer.subjectName.toJSON(),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ecdsa,
    ...dates(validity),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      await x509.AuthorityKeyIdentifierExtension.create(signer),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value }))),
    ],
  });
  return keyed(certificate, keys);
}

/** From when to when a certificate is good; milliseconds since the epoch. */
export interface Term {
  readonly from: number;
  readonly until: number;
}

/** Throws what node:crypto does for a text that is no certificate. */
export function termOf({ certificate }: Pick<KeyedCertificate, "certificate">): Term {
  const { validFrom, validTo } = new X509Certificate(certificate);
  return { from: Date.parse(validFrom), until: Date.parse(validTo) };
}

/** Tells certificates apart. */
export function fingerprintOf({ certificate }: Pick<KeyedCertificate, "certificate">): string {
  return createHash("sha256").update(new X509Certificate(certificate).raw).digest("hex");
}
