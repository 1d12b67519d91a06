import {
  createAuthority as createAuthorityFor,
  issueCertificate,
  newKeyPair,
  privateKeyPem,
} from "../../../src/core/x509/index.ts";

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

/** Makes a certificate authority of the name. */
export async function createAuthority(name: string): Promise<Authority> {
  const validity = { notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + 10 * day) };
  const root = await createAuthorityFor({ commonName: name, ...validity });
  return {
    certificate: root.certificate.toString(),
    async issue({ commonName, organizations = [], names = [] }) {
      const { publicKey, privateKey } = await newKeyPair();
      const certificate = issueCertificate(root, {
        subject: { commonName, organizations },
        names,
        publicKey,
        usages: ["server", "client"],
        ...validity,
      });
      return { certificate: certificate.toString(), key: privateKeyPem(privateKey) };
    },
  };
}
