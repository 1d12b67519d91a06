import { webcrypto } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto);

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A certificate and its key, PEM. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate authority that lives as long as a test. */
export interface TestAuthority {
  /** PEM of the root. */
  readonly root: string;
  /** A leaf for DNS names or IP addresses, with the root behind it in `certificate`. */
  issue(names: readonly string[], options?: { notBefore?: Date; notAfter?: Date }): Promise<TestCertificate>;
}

async function keyPem(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key)).toString("base64");
  return `-----BEGIN PRIVATE KEY-----\n${der.replaceAll(/.{64}/gu, "$&\n")}\n-----END PRIVATE KEY-----\n`;
}

function alternativeNames(names: readonly string[]): x509.SubjectAlternativeNameExtension {
  const isAddress = (name: string): boolean => /^[\d.]+$|:/u.test(name);
  return new x509.SubjectAlternativeNameExtension(
    names.map((name) => ({ type: isAddress(name) ? ("ip" as const) : ("dns" as const), value: name })),
  );
}

/** Makes a CA with its own P-256 key. */
export async function testAuthority(name = "Test Root"): Promise<TestAuthority> {
  const hour = 3_600_000;
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - 400 * 24 * hour),
    notAfter: new Date(Date.now() + 400 * 24 * hour),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    root: `${root.toString("pem")}\n`,
    async issue(names, options = {}) {
      const leaf = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
      const certificate = await x509.X509CertificateGenerator.create({
        subject: `CN=${names[0] ?? "leaf"}`,
        issuer: root.subject,
        notBefore: options.notBefore ?? new Date(Date.now() - hour),
        notAfter: options.notAfter ?? new Date(Date.now() + 24 * hour),
        publicKey: leaf.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: [alternativeNames(names), new x509.BasicConstraintsExtension(false)],
      });
      const chain = `${certificate.toString("pem")}\n${root.toString("pem")}\n`;
      return { certificate: chain, key: await keyPem(leaf.privateKey) };
    },
  };
}
