import {
  basicConstraints,
  newKeyPair,
  privateKeyPem,
  signCertificate,
  subjectAltName,
} from "../../src/core/x509/index.ts";
import type { TestCertificate } from "../support/certificates.ts";

/** What an ingress serves that was given no certificate: one that vouches for itself. */
export async function selfSigned(name: string): Promise<TestCertificate> {
  const keys = await newKeyPair();
  const certificate = signCertificate(
    {
      subject: { commonName: name },
      notBefore: new Date(Date.now() - 3_600_000),
      notAfter: new Date(Date.now() + 365 * 86_400_000),
      publicKey: keys.publicKey,
      extensions: [subjectAltName([name]), basicConstraints(false)],
    },
    keys,
  );
  return { certificate: certificate.toString(), key: privateKeyPem(keys.privateKey) };
}
