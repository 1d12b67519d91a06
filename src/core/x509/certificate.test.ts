/** Certificates that are written here, read by OpenSSL through Node, and shown in TLS handshakes. */
import assert from "node:assert/strict";
import { generateKeyPairSync, type X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { connect, createServer } from "node:tls";
import {
  createAuthority,
  issueCertificate,
  type SigningCa,
  keyIdentifier,
  type KeyPair,
  newKeyPair,
  privateKeyPem,
  signCertificate,
} from "./index.ts";
import { basicConstraints, keyUsage, subjectAltName } from "./extensions.ts";
import {
  allowsDigitalSignature,
  alternativeNamesOf,
  authorityKeyIdentifierOf,
  basicConstraintsOf,
  certificateExtension,
  serialNumberOf,
  subjectKeyIdentifierOf,
} from "./read-certificate.ts";

const validity = {
  notBefore: new Date("2020-01-01T00:00:00Z"),
  notAfter: new Date("2060-01-01T00:00:00Z"),
};
const names = ["a.example.com", "*.b.example.com", "127.0.0.1", "::1"];

async function leafOf(issuer: SigningCa, usages: readonly ("server" | "client")[] = ["server"]) {
  const keys = await newKeyPair();
  const subject = { commonName: "a.example.com", organizations: ["one", "two"] };
  const leaf = issueCertificate(issuer, { subject, names, publicKey: keys.publicKey, usages, ...validity });
  return { leaf, keys };
}

/** A root with a given key. */
function rootOf({ publicKey, privateKey }: KeyPair): SigningCa {
  const extensions = [basicConstraints(true), keyUsage("keyCertSign")];
  const content = { subject: { commonName: "root" }, publicKey, ...validity, extensions };
  return { certificate: signCertificate(content, { privateKey }), privateKey };
}

interface Shown {
  readonly chain: readonly X509Certificate[];
  readonly key: KeyPair;
  readonly root: X509Certificate;
}

/** What a TLS client says of a server's chain: a code of OpenSSL's, or nothing. */
async function judged(
  { chain, key, root }: Shown,
  servername = "a.example.com",
): Promise<string | undefined> {
  const server = createServer({ cert: chain.map(String).join(""), key: privateKeyPem(key.privateKey) });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: "127.0.0.1", port, servername, ca: root.toString() });
  try {
    await once(socket, "secureConnect");
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    socket.destroy();
    server.close();
  }
}

describe("a certificate that is issued", () => {
  test("is read by OpenSSL with its subject, names, dates, usage and issuer", async () => {
    const root = await createAuthority({ commonName: "root", ...validity });
    const { leaf, keys } = await leafOf(root, ["server", "client"]);
    assert.equal(leaf.subject, "O=one\nO=two\nCN=a.example.com");
    assert.equal(leaf.issuer, "CN=root");
    assert.equal(
      leaf.subjectAltName,
      "DNS:a.example.com, DNS:*.b.example.com, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
    );
    assert.deepEqual([leaf.validFromDate, leaf.validToDate], [validity.notBefore, validity.notAfter]);
    assert.deepEqual(leaf.keyUsage, ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    assert.deepEqual([leaf.ca, root.certificate.ca], [false, true]);
    assert.ok(leaf.checkIssued(root.certificate) && leaf.verify(root.certificate.publicKey));
    assert.ok(leaf.checkPrivateKey(keys.privateKey));
    assert.match(leaf.serialNumber, /^[4-7][0-9A-F]{31}$/u);
  });

  test("says what our reader reads: constraints, usage, names, identifiers and serial number", async () => {
    const root = await createAuthority({ commonName: "root", ...validity });
    const middle = await createAuthority({ commonName: "middle", pathLength: 0, ...validity }, root);
    const { leaf } = await leafOf(middle);
    assert.deepEqual(basicConstraintsOf(root.certificate), { ca: true, pathLength: undefined });
    assert.deepEqual(basicConstraintsOf(middle.certificate), { ca: true, pathLength: 0 });
    assert.deepEqual(basicConstraintsOf(leaf), { ca: false, pathLength: undefined });
    assert.deepEqual([leaf, middle.certificate].map(allowsDigitalSignature), [true, false]);
    assert.deepEqual(
      alternativeNamesOf(leaf).map(({ type, value }) => `${type}:${value}`),
      ["dns:a.example.com", "dns:*.b.example.com", "ip:127.0.0.1", "ip:::1"],
    );
    assert.equal(serialNumberOf(leaf).toString("hex").toUpperCase(), leaf.serialNumber);
    const identifier = keyIdentifier(middle.certificate.publicKey);
    assert.deepEqual(subjectKeyIdentifierOf(middle.certificate), identifier);
    assert.deepEqual(authorityKeyIdentifierOf(leaf), identifier);
    assert.equal(certificateExtension(leaf, "2.5.29.19")?.critical, true);
    assert.equal(certificateExtension(leaf, "1.2.3.4"), undefined);
  });

  test("leaves a common name of over 64 characters out, and its alternative names are critical then", async () => {
    const root = await createAuthority({ commonName: "root", ...validity });
    const { publicKey } = await newKeyPair();
    const long = `${"a".repeat(60)}.example.com`;
    const content = { names: [long], publicKey, usages: ["server"], ...validity } as const;
    const leaf = issueCertificate(root, { subject: { commonName: long }, ...content });
    assert.equal(certificateExtension(leaf, "2.5.29.17")?.critical, true);
    assert.equal(leaf.subject, undefined);
    assert.equal(leaf.checkHost(long), long);
    const named = issueCertificate(root, { subject: { commonName: "a" }, ...content });
    assert.equal(certificateExtension(named, "2.5.29.17")?.critical, false);
  });

  test("names its issuer's key by the identifier that the issuer has, however that was chosen", async () => {
    const keys = await newKeyPair();
    const chosen = { oid: "2.5.29.14", value: Buffer.from("04050102030405", "hex") };
    const content = { subject: { commonName: "x" }, publicKey: keys.publicKey, ...validity };
    const certificate = signCertificate({ ...content, extensions: [basicConstraints(true), chosen] }, keys);
    const { leaf } = await leafOf({ certificate, privateKey: keys.privateKey });
    assert.equal(authorityKeyIdentifierOf(leaf)?.toString("hex"), "0102030405");
  });

  for (const [what, keys] of [
    ["RSA of 2048 bits", generateKeyPairSync("rsa", { modulusLength: 2048 })],
    ["P-256", generateKeyPairSync("ec", { namedCurve: "P-256" })],
    ["P-384", generateKeyPairSync("ec", { namedCurve: "P-384" })],
  ] as const) {
    test(`is taken by a TLS client for its names alone when the issuer's key is ${what}`, async () => {
      const root = rootOf(keys);
      const { leaf, keys: key } = await leafOf(root);
      const shown = { chain: [leaf], key, root: root.certificate };
      assert.equal(await judged(shown), undefined);
      assert.equal(await judged(shown, "x.b.example.com"), undefined);
      assert.equal(await judged(shown, "c.example.com"), "ERR_TLS_CERT_ALTNAME_INVALID");
      const other = await createAuthority({ commonName: "root", ...validity });
      assert.notEqual(await judged({ ...shown, root: other.certificate }), undefined);
    });
  }

  test("is refused by a TLS client below more intermediates than the path length allows", async () => {
    const root = await createAuthority({ commonName: "root", ...validity });
    const middle = await createAuthority({ commonName: "middle", pathLength: 0, ...validity }, root);
    const lower = await createAuthority({ commonName: "lower", ...validity }, middle);
    const [good, bad] = [await leafOf(middle), await leafOf(lower)];
    const chainOf = (leaf: X509Certificate, ...issuers: SigningCa[]): X509Certificate[] => [
      leaf,
      ...issuers.map(({ certificate }) => certificate),
    ];
    const shown = { key: good.keys, root: root.certificate };
    assert.equal(await judged({ ...shown, chain: chainOf(good.leaf, middle) }), undefined);
    const deep = { chain: chainOf(bad.leaf, lower, middle), key: bad.keys, root: root.certificate };
    assert.equal(await judged(deep), "PATH_LENGTH_EXCEEDED");
  });

  test("is refused by a TLS client once it has expired, and when it is for clients", async () => {
    const root = await createAuthority({ commonName: "root", ...validity });
    const { publicKey, privateKey } = await newKeyPair();
    const key = { publicKey, privateKey };
    const past = { notBefore: new Date("1949-01-01T00:00:00Z"), notAfter: new Date("2021-01-01T00:00:00Z") };
    const subject = { commonName: "a.example.com" };
    const old = issueCertificate(root, { subject, names, publicKey, usages: ["server"], ...past });
    assert.equal(await judged({ chain: [old], key, root: root.certificate }), "CERT_HAS_EXPIRED");
    assert.deepEqual(old.validFromDate, past.notBefore);
    const client = issueCertificate(root, { subject, names, publicKey, usages: ["client"], ...validity });
    assert.equal(await judged({ chain: [client], key, root: root.certificate }), "INVALID_PURPOSE");
  });

  test("has no signature by a key that no certificate is signed by here", () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const content = { subject: { commonName: "x" }, publicKey, ...validity };
    const extensions = [subjectAltName(names)];
    assert.throws(() => signCertificate({ ...content, extensions }, { privateKey }), TypeError);
  });

  test("of version 1 has neither extensions nor a version, and is read", () => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const content = { subject: { commonName: "x" }, publicKey, ...validity, extensions: [] };
    const plain = signCertificate(content, { privateKey });
    assert.equal(basicConstraintsOf(plain), undefined);
    assert.equal(authorityKeyIdentifierOf(plain), undefined);
    assert.deepEqual(alternativeNamesOf(plain), []);
    // Its version taken out, and the two lengths around it made five less.
    const first = Buffer.from(plain.raw);
    const inner = first.indexOf(Buffer.from("a003020102", "hex"));
    const older = Buffer.concat([first.subarray(0, inner), first.subarray(inner + 5)]);
    older[inner - 1] = (older[inner - 1] ?? 0) - 5;
    older.writeUInt16BE(older.readUInt16BE(2) - 5, 2);
    assert.deepEqual(serialNumberOf({ raw: older }), serialNumberOf(plain));
  });
});
