/** RFC 8737 (TLS-ALPN-01): the acmeIdentifier extension. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import { acmeTlsProtocol } from "../../src/providers/acme/index.ts";
import { acmeIdentifierValue, challengeCertificate } from "../../src/providers/acme/tls-alpn-01.ts";

// The key authorization of RFC 8555 §8.1, and its SHA-256 by `openssl dgst -sha256`.
const authorization =
  "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
const digest = "653471d42925d7eb4cd39a39cda8b34d3034c94cb90067ab78c8123560ba2e5f";

describe("RFC 8737", () => {
  test("§3: the extension's value is an OCTET STRING of the key authorization's SHA-256", () => {
    assert.equal(acmeIdentifierValue(authorization).toString("hex"), `0420${digest}`);
  });

  test("§3 and §6.1: the certificate holds it as critical id-pe 31, beside the one name", async () => {
    const { certificate } = await challengeCertificate({ type: "dns", value: "example.org" }, authorization);
    const parsed = new X509Certificate(certificate);
    // SEQUENCE { OID 1.3.6.1.5.5.7.1.31, BOOLEAN TRUE, OCTET STRING { OCTET STRING { digest } } }
    assert.ok(parsed.raw.toString("hex").includes(`303106082b0601050507011f0101ff04220420${digest}`));
    assert.equal(parsed.subjectAltName, "DNS:example.org");
  });

  test("§4: the protocol is called acme-tls/1", () => {
    assert.equal(Buffer.from(acmeTlsProtocol).toString("hex"), "61636d652d746c732f31");
  });
});
