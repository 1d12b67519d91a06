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

/** What is out of the ordinary in a chain of `testHierarchy`. */
export interface ChainMistakes {
  readonly leaf?: CertificateMistakes & { readonly isCa?: true };
  readonly intermediate?: CertificateMistakes & { readonly notCa?: true; readonly pathLength?: number };
  readonly root?: CertificateMistakes;
  /** What is given out; leaf and intermediate unless told. */
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
  /** Extended key usage: serverAuth unless told, and `none` leaves the extension away. */
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
const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);

function usages(usage: CertificateMistakes["usage"]): readonly x509.Extension[] {
  if (usage === "none") return [];
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  return [new x509.ExtendedKeyUsageExtension([usage === "client" ? clientAuth : serverAuth])];
}

function authorityExtensions(pathLength: number | undefined, isCa = true): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(isCa, pathLength, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
  ];
}

/** Makes a root with an intermediate below it, and chains with one mistake or none. Dates are about `now`. */
export async function testHierarchy(now: number = Date.now(), name = "Test"): Promise<TestHierarchy> {
  const [rootKeys, upperKeys, middleKeys, otherKeys] = await Promise.all([
    newKeys(),
    newKeys(),
    newKeys(),
    newKeys(),
  ]);
  const around = (mistakes: CertificateMistakes = {}) => ({
    notBefore: mistakes.notBefore ?? new Date(now - 300 * 24 * hour),
    notAfter: mistakes.notAfter ?? new Date(now + 3000 * 24 * hour),
  });
  const rootOf = (mistakes?: CertificateMistakes) =>
    x509.X509CertificateGenerator.createSelfSigned({
      name: `CN=${name} Root`,
      ...around(mistakes),
      keys: rootKeys,
      signingAlgorithm: algorithm,
      extensions: authorityExtensions(undefined),
    });
  const usual = await rootOf();
  return {
    root: `${usual.toString("pem")}\n`,
    async chain(names, mistakes = {}, publicKey) {
      const { leaf = {}, intermediate = {}, give = ["leaf", "intermediate"], upper } = mistakes;
      const root = mistakes.root === undefined ? usual : await rootOf(mistakes.root);
      const above = await x509.X509CertificateGenerator.create({
        subject: `CN=${name} Upper`,
        issuer: root.subject,
        ...around(),
        publicKey: upperKeys.publicKey,
        signingKey: rootKeys.privateKey,
        signingAlgorithm: algorithm,
        extensions: authorityExtensions(mistakes.upperPathLength ?? 1),
      });
      const middle = await x509.X509CertificateGenerator.create({
        subject: `CN=${name} Intermediate`,
        issuer: upper === undefined ? root.subject : above.subject,
        ...around(intermediate),
        publicKey: middleKeys.publicKey,
        signingKey: upper === undefined ? rootKeys.privateKey : upperKeys.privateKey,
        signingAlgorithm: algorithm,
        extensions: [
          ...authorityExtensions(intermediate.pathLength ?? 0, intermediate.notCa === undefined),
          ...usages(intermediate.usage ?? "none"),
        ],
      });
      const own = publicKey === undefined ? await newKeys() : undefined;
      const subjectKey = own?.publicKey ?? new x509.PublicKey(publicKey ?? Buffer.alloc(0));
      const certificate = await x509.X509CertificateGenerator.create({
        subject: `CN=${names[0] ?? "leaf"}`,
        issuer: middle.subject,
        notBefore: leaf.notBefore ?? new Date(now - hour),
        notAfter: leaf.notAfter ?? new Date(now + 90 * 24 * hour),
        publicKey: subjectKey,
        signingKey: (mistakes.forged === undefined ? middleKeys : otherKeys).privateKey,
        signingAlgorithm: algorithm,
        extensions: [
          alternativeNames(names),
          new x509.BasicConstraintsExtension(leaf.isCa ?? false, undefined, true),
          new x509.KeyUsagesExtension(
            leaf.mayNotSign ? x509.KeyUsageFlags.keyEncipherment : x509.KeyUsageFlags.digitalSignature,
            true,
          ),
          ...usages(leaf.usage),
        ],
      });
      const all = { leaf: certificate, intermediate: middle, root };
      const given = give.flatMap((one) => [
        all[one],
        ...(one === "intermediate" && upper === "given" ? [above] : []),
      ]);
      return {
        certificate: given.map((one) => `${one.toString("pem")}\n`).join(""),
        key: own === undefined ? "" : await keyPem(own.privateKey),
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
  const keys = await newKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - 400 * 24 * hour),
    notAfter: new Date(Date.now() + 400 * 24 * hour),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ...(keyIdentifiers ? [await x509.SubjectKeyIdentifierExtension.create(keys.publicKey)] : []),
    ],
  });
  return {
    root: `${root.toString("pem")}\n`,
    async issue(names, options = {}) {
      const leaf = await newKeys();
      const certificate = await x509.X509CertificateGenerator.create({
        subject: `CN=${names[0] ?? "leaf"}`,
        issuer: root.subject,
        notBefore: options.notBefore ?? new Date(Date.now() - hour),
        notAfter: options.notAfter ?? new Date(Date.now() + 24 * hour),
        publicKey: leaf.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: [
          alternativeNames(names),
          new x509.BasicConstraintsExtension(false),
          ...(keyIdentifiers ? [await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey)] : []),
        ],
      });
      const chain = `${certificate.toString("pem")}\n${root.toString("pem")}\n`;
      return { certificate: chain, key: await keyPem(leaf.privateKey) };
    },
  };
}
