import { X509Certificate } from "node:crypto";
import type * as x509 from "@peculiar/x509";
import { type Authority, authorityPem, createAuthority, issue } from "../authority/index.ts";

/** Root and intermediate of a stand-in CA. */
export interface Hierarchy {
  readonly root: Authority;
  readonly intermediate: Authority;
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
export function renewalIdOf(leafPem: string, issuer: Authority): string {
  const serial = Buffer.from(new X509Certificate(leafPem).serialNumber, "hex");
  const keyId = issuer.certificate.getExtension("2.5.29.14")?.value;
  // The extension's value is an OCTET STRING of 20 octets: two octets of DER before the identifier.
  const identifier = Buffer.from(keyId ?? new ArrayBuffer(0)).subarray(2);
  return `${identifier.toString("base64url")}.${serial.toString("base64url")}`;
}

/** Signs a leaf for DNS names; times are milliseconds since the epoch. */
export async function signChain(
  { intermediate }: Hierarchy,
  leaf: {
    readonly names: readonly string[];
    readonly publicKey: x509.PublicKey;
    readonly notBefore: number;
    readonly notAfter: number;
  },
): Promise<SignedChain> {
  const { names, publicKey } = leaf;
  const validity = {
    notBefore: Math.floor(leaf.notBefore / 1000),
    notAfter: Math.floor(leaf.notAfter / 1000),
  };
  const certificate = await issue(intermediate, {
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
