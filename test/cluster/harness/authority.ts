import { webcrypto } from "node:crypto";
import { isIP } from "node:net";
// @peculiar/x509 wants it loaded first.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto);

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const day = 86_400_000;

/** A certificate and its key, PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  /** In a client certificate: the groups, to Kubernetes. */
  readonly organizations?: readonly string[];
  /** DNS names and addresses, for a server's. */
  readonly names?: readonly string[];
}

/** A certificate authority with a P-256 key that stands in no file. */
export interface Authority {
  /** Its certificate, PEM. */
  readonly certificate: string;
  /** Issues for ten days; good for servers and clients. */
  readonly issue: (request: CertificateRequest) => Promise<KeyPair>;
}

function generate(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

function extensionsOf(names: readonly string[]): x509.Extension[] {
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
  ];
  if (names.length === 0) return extensions;
  const alternatives = names.map((value) => ({
    type: isIP(value) === 0 ? ("dns" as const) : ("ip" as const),
    value,
  }));
  return [...extensions, new x509.SubjectAlternativeNameExtension(alternatives)];
}

/** Makes a certificate authority of the name. */
export async function createAuthority(name: string): Promise<Authority> {
  const keys = await generate();
  const [notBefore, notAfter] = [new Date(Date.now() - day), new Date(Date.now() + 10 * day)];
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    notBefore,
    notAfter,
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    certificate: `${root.toString("pem")}\n`,
    async issue({ commonName, organizations = [], names = [] }) {
      const leaf = await generate();
      const certificate = await x509.X509CertificateGenerator.create({
        subject: [...organizations.map((group) => ({ O: [group] })), { CN: [commonName] }],
        issuer: root.subject,
        notBefore,
        notAfter,
        publicKey: leaf.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: extensionsOf(names),
      });
      return { certificate: `${certificate.toString("pem")}\n`, key: `${await pemOf(leaf.privateKey)}\n` };
    },
  };
}
