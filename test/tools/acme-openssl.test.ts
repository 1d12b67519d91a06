/** What our ACME client asks for and gets, looked at by OpenSSL. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  createAccountKey,
  obtainCertificate,
  openAcme,
  type PresentedChallenge,
} from "../../src/providers/acme/index.ts";
import { alpnDigest } from "../../src/providers/acme/solver.ts";
import { challengeCertificate } from "../../src/providers/acme/tls-alpn-01.ts";
import { startAuthority, type StandInCa } from "../../src/sandbox/ca/index.ts";
import { type ChallengeListeners, startChallengeListeners } from "../support/challenge-listeners.ts";
import { newSigningRequest } from "../../src/core/x509/index.ts";
import { openssl, opensslMissing } from "../support/openssl.ts";
import { SwiftClock } from "../support/swift-clock.ts";

describe("OpenSSL looks at our certificates", { skip: await opensslMissing() }, () => {
  let folder: string;
  let ca: StandInCa;
  let listeners: ChallengeListeners;
  const file = (name: string, text: string | Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-openssl-"));
    listeners = await startChallengeListeners();
    ca = await startAuthority({ connectTo: listeners.connectTo });
  });
  after(async () => {
    await Promise.all([ca.close(), listeners.close()]);
    rmSync(folder, { recursive: true });
  });

  test("a request is signed by its own key, of P-256, with an empty subject and the names", async () => {
    const request = await newSigningRequest(["a.example.com", "*.example.com", "2001:db8::1"]);
    const csr = file("request.der", request.csr);
    await openssl("req", "-inform", "DER", "-in", csr, "-verify", "-noout");
    const text = await openssl("req", "-inform", "DER", "-in", csr, "-noout", "-text");
    assert.match(text, /Subject: *\n/u);
    assert.match(text, /ASN1 OID: prime256v1/u);
    assert.match(text, /DNS:a\.example\.com, DNS:\*\.example\.com, IP Address:2001:DB8:0:0:0:0:0:1/u);
    const [ofKey, ofRequest] = await Promise.all([
      openssl("pkey", "-in", file("request.key", request.key), "-pubout"),
      openssl("req", "-inform", "DER", "-in", csr, "-noout", "-pubkey"),
    ]);
    assert.equal(ofKey, ofRequest);
  });

  test("an obtained chain is verified for the name, and for no other", async () => {
    const client = openAcme({ directory: ca.directoryUrl, ca: ca.tlsCa, clock: new SwiftClock() });
    const account = await client.newAccount({ key: createAccountKey(), termsOfServiceAgreed: true });
    const issued = await obtainCertificate(account, {
      names: ["oidc.example.com"],
      solvers: [listeners.tlsAlpn01],
    });
    const chain = file("chain.pem", issued.certificate);
    const root = file("root.pem", ca.root);
    const verify = ["verify", "-CAfile", root, "-untrusted", chain, "-purpose", "sslserver"];
    assert.match(await openssl(...verify, "-verify_hostname", "oidc.example.com", chain), /: OK/u);
    await assert.rejects(
      openssl(...verify, "-verify_hostname", "other.example.com", chain),
      /[Hh]ostname mismatch/u,
    );
    const [ofKey, ofLeaf] = await Promise.all([
      openssl("pkey", "-in", file("leaf.key", issued.key), "-pubout"),
      openssl("x509", "-in", chain, "-noout", "-pubkey"),
    ]);
    assert.equal(ofKey, ofLeaf);
    const dates = await openssl("x509", "-in", chain, "-noout", "-enddate");
    assert.equal(Date.parse(dates.replace("notAfter=", "")), issued.notAfter);
  });

  test("a challenge's certificate holds the critical acmeIdentifier with the digest (RFC 8737)", async () => {
    const { certificate } = await challengeCertificate(
      { type: "dns", value: "a.example.com" },
      "token.thumbprint",
    );
    const path = file("challenge.pem", certificate);
    const text = await openssl("x509", "-in", path, "-noout", "-text");
    assert.match(text, /1\.3\.6\.1\.5\.5\.7\.1\.31: critical/u);
    assert.match(text, /DNS:a\.example\.com/u);
    const parsed = await openssl("asn1parse", "-in", path);
    const digest = alpnDigest("token.thumbprint").toString("hex").toUpperCase();
    assert.ok(parsed.includes(`[HEX DUMP]:0420${digest}`), parsed);
    // Self-signed: it verifies when it is its own root, the extension that OpenSSL does not know set aside.
    await openssl("verify", "-ignore_critical", "-CAfile", path, path);
  });

  test("openssl s_client with ALPN acme-tls/1 is shown it, and without it the listener's own", async () => {
    const challenge: PresentedChallenge = {
      type: "tls-alpn-01",
      identifier: { type: "dns", value: "a.example.com" },
      wildcard: false,
      token: "token",
      keyAuthorization: "token.thumbprint",
    };
    await listeners.tlsAlpn01.present(challenge);
    const target = `127.0.0.1:${listeners.tlsPort}`;
    const base = ["s_client", "-connect", target, "-servername", "a.example.com"];
    const validator = await sClient([...base, "-alpn", "acme-tls/1"]);
    assert.match(validator, /ALPN protocol: acme-tls\/1/u);
    assert.match(validator, /subject=CN = ACME challenge/u);
    assert.match(await sClient([...base, "-alpn", "http/1.1"]), /subject=CN = ordinary\.test/u);
    assert.match(await sClient([...base, "-alpn", "acme-tls/1", "-tls1_2"]), /subject=CN = ACME challenge/u);
    await listeners.tlsAlpn01.cleanup(challenge);
    assert.match(
      await sClient([...base, "-alpn", "acme-tls/1"]),
      /no application protocol|no peer certificate/u,
    );
  });
});

/** What s_client prints when its standard input ends at once. */
function sClient(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (part: Buffer) => (text += part.toString()));
    child.on("error", reject);
    child.on("close", () => resolve(text));
  });
}
