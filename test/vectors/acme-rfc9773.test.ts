/** RFC 9773 (ARI): the identifier of a certificate, and a renewalInfo answer. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { certificateId } from "../../src/providers/acme/index.ts";
import { readRenewalInfo } from "../../src/providers/acme/renewal-info.ts";

// Appendix A.
const example = `-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----
`;

const answer = (body: object, headers: Record<string, string> = {}) => ({
  status: 200,
  headers,
  body: Buffer.from(JSON.stringify(body)),
});

describe("RFC 9773", () => {
  test("§4.1: a certificate's ID is authority key identifier, dot, serial number with the zero byte that its top bit needs", () => {
    assert.equal(certificateId(example), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
  });

  test("§4.2: the window and the explanation are read, and Retry-After says when to ask again", () => {
    const body = {
      suggestedWindow: { start: "2025-01-02T04:00:00Z", end: "2025-01-03T04:00:00Z" },
      explanationURL: "https://acme.example.com/docs/ari",
    };
    assert.deepEqual(readRenewalInfo("https://x", answer(body, { "retry-after": "21600" }), 0), {
      start: Date.UTC(2025, 0, 2, 4),
      end: Date.UTC(2025, 0, 3, 4),
      explanationUrl: "https://acme.example.com/docs/ari",
      retryAfter: 21_600_000,
    });
  });

  test("§4.2: a window that does not end after it starts is no window", () => {
    const times = ["2025-01-02T04:00:00Z", "2025-01-02T04:00:00Z"];
    const body = { suggestedWindow: { start: times[0], end: times[1] } };
    assert.throws(() => readRenewalInfo("https://x", answer(body), 0), { code: "acme-answer-invalid" });
  });

  test("§4.3.2: Retry-After is kept within bounds, and is six hours where it is absent", () => {
    const body = { suggestedWindow: { start: "2025-01-02T04:00:00Z", end: "2025-01-03T04:00:00Z" } };
    const wait = (headers: Record<string, string>) =>
      readRenewalInfo("https://x", answer(body, headers), 0).retryAfter;
    assert.equal(wait({}), 6 * 3_600_000);
    assert.equal(wait({ "retry-after": "0" }), 60_000);
    assert.equal(wait({ "retry-after": "99999999" }), 24 * 3_600_000);
  });
});
