/** What src/core/x509/ writes, judged by OpenSSL as strictly as it can, and what OpenSSL writes, read by it. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { makeAuthority, signServing } from "../../src/operator/webhook/certificates.ts";
import {
  allowsDigitalSignature,
  alternativeNamesOf,
  authorityKeyIdentifierOf,
  basicConstraintsOf,
  createAuthority,
  issueCertificate,
  type SigningCa,
  newKeyPair,
  readRequest,
  serialNumberOf,
  subjectAltName,
  subjectKeyIdentifierOf,
  writeRequest,
} from "../../src/core/x509/index.ts";
import { openssl, opensslMissing } from "../support/openssl.ts";

const validity = {
  notBefore: new Date("2020-01-01T00:00:00Z"),
  notAfter: new Date("2060-01-01T00:00:00Z"),
};
const pemOf = (...chain: readonly X509Certificate[]): string => chain.map(String).join("");
const keysOf = {
  "RSA of 2048 bits": () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  "P-256": () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  "P-384": () => generateKeyPairSync("ec", { namedCurve: "P-384" }),
};

describe("OpenSSL and our certificates", { skip: await opensslMissing() }, () => {
  let folder: string;
  const path = (name: string): string => join(folder, name);
  const file = (name: string, text: string | Uint8Array): string => {
    writeFileSync(path(name), text);
    return path(name);
  };
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-x509-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const strictly = (root: string, chain: string, ...more: string[]): Promise<string> =>
    openssl("verify", "-x509_strict", "-CAfile", root, "-untrusted", chain, ...more, chain);

  async function hierarchy(): Promise<{ root: string; middle: SigningCa }> {
    const root = await createAuthority({ commonName: "root", ...validity });
    const middle = await createAuthority({ commonName: "middle", pathLength: 0, ...validity }, root);
    return { root: file("root.pem", pemOf(root.certificate)), middle };
  }

  test("a chain passes openssl verify -x509_strict for its names and its purpose, and for no other", async () => {
    const { root, middle } = await hierarchy();
    const { publicKey } = await newKeyPair();
    const subject = { commonName: "a.example.com" };
    const names = ["a.example.com", "192.0.2.1", "2001:db8::1"];
    const content = { subject, names, publicKey, ...validity };
    const server = file(
      "server.pem",
      pemOf(issueCertificate(middle, { ...content, usages: ["server"] }), middle.certificate),
    );
    for (const host of [
      ["-verify_hostname", "a.example.com"],
      ["-verify_ip", "192.0.2.1"],
      ["-verify_ip", "2001:db8::1"],
    ])
      assert.match(await strictly(root, server, "-purpose", "sslserver", ...host), /: OK/u);
    await assert.rejects(strictly(root, server, "-verify_hostname", "b.example.com"), /mismatch/u);
    await assert.rejects(
      strictly(root, server, "-purpose", "sslclient"),
      /[Uu]nsuitable certificate purpose/u,
    );
    const client = file(
      "client.pem",
      pemOf(issueCertificate(middle, { ...content, usages: ["client"] }), middle.certificate),
    );
    assert.match(await strictly(root, client, "-purpose", "sslclient"), /: OK/u);
    await assert.rejects(
      strictly(root, client, "-purpose", "sslserver"),
      /[Uu]nsuitable certificate purpose/u,
    );
    const nameless = `${"a".repeat(60)}.example.com`;
    const long = { ...content, subject: { commonName: nameless }, names: [nameless] };
    const longFile = file(
      "long.pem",
      pemOf(issueCertificate(middle, { ...long, usages: ["server"] }), middle.certificate),
    );
    assert.match(await strictly(root, longFile, "-verify_hostname", nameless), /: OK/u);
  });

  test("an authority below one whose path length is 0 is refused by openssl verify", async () => {
    const { root, middle } = await hierarchy();
    const lower = await createAuthority({ commonName: "lower", ...validity }, middle);
    const { publicKey } = await newKeyPair();
    const content = { subject: { commonName: "a" }, names: ["a.example.com"], publicKey, ...validity };
    const leaf = issueCertificate(lower, { ...content, usages: ["server"] });
    const chain = file("deep.pem", pemOf(leaf, lower.certificate, middle.certificate));
    await assert.rejects(strictly(root, chain), /path length constraint exceeded/u);
  });

  test("the operator's webhook certificates pass openssl verify -x509_strict", async () => {
    const dates = { now: Date.now(), life: 3_600_000 };
    const authority = await makeAuthority(dates);
    const serving = await signServing(authority, ["podtrust-operator.podtrust-system.svc"], dates);
    const root = file("webhook-ca.pem", authority.certificate);
    const leaf = file("webhook.pem", serving.certificate);
    const purpose = ["-purpose", "sslserver", "-verify_hostname", "podtrust-operator.podtrust-system.svc"];
    assert.match(await strictly(root, leaf, ...purpose), /: OK/u);
  });

  for (const [what, newKeys] of Object.entries(keysOf)) {
    test(`a request by a key of ${what} passes openssl req -verify, and one of OpenSSL's is read as it was asked for`, async () => {
      const keys = newKeys();
      const names = ["a.example.com", "192.0.2.1"];
      const ours = writeRequest(keys, {
        subject: { commonName: "a.example.com", organizations: ["one"] },
        extensions: [subjectAltName(names)],
      });
      const request = file("ours.der", ours);
      await openssl("req", "-inform", "DER", "-in", request, "-verify", "-noout");
      const subject = await openssl("req", "-inform", "DER", "-in", request, "-noout", "-subject");
      assert.match(subject, /^subject=O ?= ?one, CN ?= ?a\.example\.com$/mu);

      const key = file("key.pem", keys.privateKey.export({ type: "pkcs8", format: "pem" }));
      const asked = [
        "-subj",
        "/O=one/CN=a.example.com",
        "-addext",
        "subjectAltName=DNS:a.example.com,IP:192.0.2.1",
      ];
      await openssl("req", "-new", "-key", key, ...asked, "-outform", "DER", "-out", path("theirs.der"));
      const theirs = readRequest(readFileSync(path("theirs.der")));
      assert.ok(theirs.isSignedByItsKey() && theirs.publicKey.equals(keys.publicKey));
      assert.deepEqual(theirs.commonNames, ["a.example.com"]);
      assert.deepEqual(
        theirs.names.map(({ value }) => value),
        names,
      );
      await openssl(
        "req",
        "-new",
        "-key",
        key,
        "-subj",
        "/",
        "-sha1",
        "-outform",
        "DER",
        "-out",
        path("sha1.der"),
      );
      assert.equal(readRequest(readFileSync(path("sha1.der"))).isSignedByItsKey(), false);
    });
  }

  test("a certificate of OpenSSL's is read as it was asked for, with and without extensions", async () => {
    const key = file("any.pem", keysOf["P-256"]().privateKey.export({ type: "pkcs8", format: "pem" }));
    const from = ["req", "-x509", "-key", key, "-subj", "/CN=x", "-set_serial", "0x8877665544"];
    const extensions = [
      "basicConstraints=critical,CA:TRUE,pathlen:300",
      "keyUsage=critical,keyCertSign,cRLSign",
      "subjectAltName=DNS:a.example.com,email:a@example.com,IP:2001:db8::1",
    ];
    const made = await openssl(...from, ...extensions.flatMap((one) => ["-addext", one]));
    const certificate = new X509Certificate(made);
    assert.deepEqual(basicConstraintsOf(certificate), { ca: true, pathLength: 300 });
    assert.equal(allowsDigitalSignature(certificate), false);
    assert.deepEqual(alternativeNamesOf(certificate), [
      { type: "dns", value: "a.example.com" },
      { type: "email", value: "a@example.com" },
      { type: "ip", value: "2001:db8::1" },
    ]);
    assert.equal(serialNumberOf(certificate).toString("hex"), "008877665544");
    assert.deepEqual(authorityKeyIdentifierOf(certificate), subjectKeyIdentifierOf(certificate));
  });
});
