import { type KeyObject, X509Certificate } from "node:crypto";
import { serialNumberOf, subjectKeyIdentifierOf } from "../../core/x509/index.ts";
import { type StandInAuthority, authorityPem, createAuthority, issue } from "../authority/index.ts";

/** Root and intermediate of a stand-in CA. */
export interface Hierarchy {
  readonly root: StandInAuthority;
  readonly intermediate: StandInAuthority;
}

export interface SignedChain {
  /** Leaf and intermediate, PEM. */
  readonly chain: string;
  /** DER of the leaf, base64url. */
  readonly der: string;
  readonly renewalId: string;
}

export async function createHierarchy(): Promise<Hierarchy> {
  const root = await createAuthority("podtrust stand-in CA root");
  return { root, intermediate: await createAuthority("podtrust stand-in CA intermediate", root) };
}

/** RFC 9773 §4.1: the authority key identifier and the serial number, each base64url, joined by a dot. */
export function renewalIdOf(leafPem: string, issuer: StandInAuthority): string {
  const serial = serialNumberOf(new X509Certificate(leafPem));
  const identifier = subjectKeyIdentifierOf(issuer.certificate);
  return `${identifier.toString("base64url")}.${serial.toString("base64url")}`;
}

/** Signs a leaf for DNS names; times are milliseconds since the epoch. */
export function signChain(
  { intermediate }: Hierarchy,
  leaf: {
    readonly names: readonly string[];
    readonly publicKey: KeyObject;
    readonly notBefore: number;
    readonly notAfter: number;
  },
): SignedChain {
  const { names, publicKey } = leaf;
  const validity = {
    notBefore: Math.floor(leaf.notBefore / 1000),
    notAfter: Math.floor(leaf.notAfter / 1000),
  };
  const certificate = issue(intermediate, {
    commonName: names[0] ?? "",
    names,
    publicKey,
    usage: "server",
    validity,
  });
  return {
    chain: certificate + authorityPem(intermediate),
    der: new X509Certificate(certificate).raw.toString("base64url"),
    renewalId: renewalIdOf(certificate, intermediate),
  };
}
