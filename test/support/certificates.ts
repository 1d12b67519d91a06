import { createPublicKey, type X509Certificate } from "node:crypto";
import {
  authorityKeyIdentifier,
  basicConstraints,
  type Extension,
  extendedKeyUsage,
  keyIdentifier,
  type KeyPair,
  keyUsage,
  newKeyPair,
  privateKeyPem,
  signCertificate,
  subjectAltName,
  subjectKeyIdentifier,
} from "../../src/core/x509/index.ts";

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

/** What is out of the ordinary in a chain of `testHierarchy`. */
export interface ChainMistakes {
  readonly leaf?: CertificateMistakes & { readonly isCa?: true };
  readonly intermediate?: CertificateMistakes & { readonly notCa?: true; readonly pathLength?: number };
  readonly root?: CertificateMistakes;
  /** What is given out; default: leaf and intermediate. */
  readonly give?: readonly ("leaf" | "intermediate" | "root")[];
  /** Signed by another key than that of the intermediate that is given out. */
  readonly forged?: true;
  /** One more intermediate, between that one and the root: given out after it, or not. */
  readonly upper?: "given" | "missing";
  readonly upperPathLength?: number;
}

interface CertificateMistakes {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Extended key usage: default: serverAuth; `none` leaves the extension away. */
  readonly usage?: "server" | "client" | "none";
  /** Key usage without digitalSignature. */
  readonly mayNotSign?: true;
}

/** A root that is known to nobody, and chains below it. */
export interface TestHierarchy {
  /** PEM. */
  readonly root: string;
  /** PEM chain for a key (SubjectPublicKeyInfo in DER, or a key of its own), leaf first. */
  chain(names: readonly string[], mistakes?: ChainMistakes, publicKey?: Uint8Array): Promise<TestCertificate>;
}

const hour = 3_600_000;
const day = 24 * hour;

function usages(usage: CertificateMistakes["usage"] = "server"): readonly Extension[] {
  return usage === "none" ? [] : [extendedKeyUsage(usage)];
}

function authorityExtensions(pathLength: number | undefined, isCa = true): readonly Extension[] {
  return [basicConstraints(isCa, pathLength), keyUsage("keyCertSign", "cRLSign")];
}

/** Makes a root with an intermediate below it, and chains with one mistake or none. Dates are about `now`. */
export async function testHierarchy(now: number = Date.now(), name = "Test"): Promise<TestHierarchy> {
  const [rootKeys, upperKeys, middleKeys, otherKeys] = (await Promise.all(
    Array.from({ length: 4 }, newKeyPair),
  )) as [KeyPair, KeyPair, KeyPair, KeyPair];
  const around = (mistakes: CertificateMistakes = {}) => ({
    notBefore: mistakes.notBefore ?? new Date(now - 300 * day),
    notAfter: mistakes.notAfter ?? new Date(now + 3000 * day),
  });
  const authority = (kind: string, keys: KeyPair, mistakes?: CertificateMistakes) => ({
    subject: { commonName: `${name} ${kind}` },
    publicKey: keys.publicKey,
    ...around(mistakes),
  });
  const rootOf = (mistakes?: CertificateMistakes): X509Certificate =>
    signCertificate(
      { ...authority("Root", rootKeys, mistakes), extensions: authorityExtensions(undefined) },
      rootKeys,
    );
  const ordinary = rootOf();
  return {
    root: ordinary.toString(),
    async chain(names, mistakes = {}, publicKey) {
      const { leaf = {}, intermediate = {}, give = ["leaf", "intermediate"], upper } = mistakes;
      const root = mistakes.root === undefined ? ordinary : rootOf(mistakes.root);
      const ofRoot = { certificate: root, privateKey: rootKeys.privateKey };
      const above = signCertificate(
        {
          ...authority("Upper", upperKeys),
          extensions: authorityExtensions(mistakes.upperPathLength ?? 1),
        },
        ofRoot,
      );
      const middle = signCertificate(
        {
          ...authority("Intermediate", middleKeys, intermediate),
          extensions: [
            ...authorityExtensions(intermediate.pathLength ?? 0, intermediate.notCa === undefined),
            ...usages(intermediate.usage ?? "none"),
          ],
        },
        upper === undefined ? ofRoot : { certificate: above, privateKey: upperKeys.privateKey },
      );
      const own = publicKey === undefined ? await newKeyPair() : undefined;
      const certificate = signCertificate(
        {
          subject: { commonName: names[0] ?? "leaf" },
          notBefore: leaf.notBefore ?? new Date(now - hour),
          notAfter: leaf.notAfter ?? new Date(now + 90 * day),
          publicKey:
            own?.publicKey ??
            createPublicKey({ key: Buffer.from(publicKey ?? []), format: "der", type: "spki" }),
          extensions: [
            subjectAltName(names),
            basicConstraints(leaf.isCa ?? false),
            keyUsage(leaf.mayNotSign ? "keyEncipherment" : "digitalSignature"),
            ...usages(leaf.usage),
          ],
        },
        {
          certificate: middle,
          privateKey: (mistakes.forged === undefined ? middleKeys : otherKeys).privateKey,
        },
      );
      const all = { leaf: certificate, intermediate: middle, root };
      const given = give.flatMap((one) => [
        all[one],
        ...(one === "intermediate" && upper === "given" ? [above] : []),
      ]);
      return {
        certificate: given.map(String).join(""),
        key: own === undefined ? "" : privateKeyPem(own.privateKey),
      };
    },
  };
}

/**
 * Makes a CA with its own P-256 key. `keyIdentifiers`: as RFC 5280 §4.2.1.1 wants them and public CAs have them; Python's
 * client refuses certificates without them since 3.13.
 */
export async function testAuthority(
  name = "Test Root",
  { keyIdentifiers = false }: { readonly keyIdentifiers?: boolean } = {},
): Promise<TestAuthority> {
  const keys = await newKeyPair();
  const root = signCertificate(
    {
      subject: { commonName: name },
      notBefore: new Date(Date.now() - 400 * day),
      notAfter: new Date(Date.now() + 400 * day),
      publicKey: keys.publicKey,
      extensions: [
        ...authorityExtensions(undefined),
        ...(keyIdentifiers ? [subjectKeyIdentifier(keys.publicKey)] : []),
      ],
    },
    keys,
  );
  return {
    root: root.toString(),
    async issue(names, options = {}) {
      const { publicKey, privateKey } = await newKeyPair();
      const certificate = signCertificate(
        {
          subject: { commonName: names[0] ?? "leaf" },
          notBefore: options.notBefore ?? new Date(Date.now() - hour),
          notAfter: options.notAfter ?? new Date(Date.now() + day),
          publicKey,
          extensions: [
            subjectAltName(names),
            basicConstraints(false),
            ...(keyIdentifiers ? [authorityKeyIdentifier(keyIdentifier(keys.publicKey))] : []),
          ],
        },
        { certificate: root, privateKey: keys.privateKey },
      );
      return { certificate: `${certificate.toString()}${root.toString()}`, key: privateKeyPem(privateKey) };
    },
  };
}
