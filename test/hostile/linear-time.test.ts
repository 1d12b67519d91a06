/**
 * Processor time for each byte that clients send: for each header and document eight times as much may take eight
 * times as long, with room for a busy machine, and never the square of it.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { alternateLinks, retryAfterMs } from "../../src/providers/acme/answer.ts";
import { readCertificates } from "../../src/providers/acme/chain/index.ts";
import { readDirectory } from "../../src/providers/acme/directory.ts";
import { readAuthorization as readAcmeAuthorization, readOrder } from "../../src/providers/acme/order.ts";
import { problemOf } from "../../src/providers/acme/problem.ts";
import { hostAllowed, type HttpResponse } from "../../src/core/http/index.ts";
import { jsonObject, statusMessage } from "../../src/providers/kubernetes/answer.ts";
import { issuerDifference, parseDiscovery, parseIssuer, parseJws } from "../../src/rules/oidc/index.ts";
import { parseJwkSet } from "../../src/rules/keys/index.ts";
import { matchesAny, prefersGzip } from "../../src/publisher/serving/negotiation.ts";
import { Site } from "../../src/publisher/serving/site.ts";
import { Tallies } from "../../src/publisher/serving/tallies.ts";
import { readAuthorization } from "../../src/sandbox/aws/sigv4/authorization.ts";
import { claimedService, isAwsCall } from "../../src/sandbox/aws/wire/foreign.ts";
import { formPairs, formParams } from "../../src/sandbox/aws/wire/form.ts";
import { parsePolicy } from "../../src/rules/trust/index.ts";
import { readYaml } from "../../src/core/yaml/index.ts";
import { leastOwnTime } from "../support/processor-time.ts";

const url = "https://ca.example/directory";
const answerOf = (body: string): HttpResponse => ({
  status: 400,
  headers: { "content-type": "application/json" },
  body: Buffer.from(body),
});
/** The text as it is, and as every text that a document of these fields may hold. */
const within =
  (read: (body: string) => unknown, fields: readonly string[]) =>
  (text: string): void => {
    for (const body of [text, JSON.stringify(Object.fromEntries(fields.map((name) => [name, text])))]) {
      try {
        read(body);
      } catch {
        // A refusal is an answer.
      }
    }
  };
const asked = { server: "https://cluster.example", what: "read", right: "get" };
const page = { stack: "a", place: "jwks", url: "https://a.test/jwks", cacheControl: "no-store" } as const;
const site = new Site([page], { secure: true, targetBytes: 2048, tallies: new Tallies() });
const defaults = {
  method: "GET",
  authority: "a.test",
  target: "/jwks",
  ifNoneMatch: undefined,
  acceptEncoding: undefined,
};
const wire = { method: "POST", target: "/", headers: {}, body: Buffer.alloc(0) };

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  "Accept-Encoding": prefersGzip,
  "If-None-Match": (text) => matchesAny(text, ['"a"']),
  Host: (text) => hostAllowed(text, "127.0.0.1"),
  "a request target": (text) => site.answer({ ...defaults, target: text }),
  ":authority": (text) => site.answer({ ...defaults, authority: text }),
  "Retry-After": (text) => retryAfterMs({ "retry-after": text }, 0),
  Link: (text) => alternateLinks(text, "https://ca.example/"),
  "an ACME directory": within(
    (body) => readDirectory(url, answerOf(body)),
    ["newNonce", "newAccount", "newOrder", "revokeCert", "keyChange", "renewalInfo", "meta"],
  ),
  "an ACME order": within(
    (body) => readOrder(url, answerOf(body)),
    ["status", "expires", "identifiers", "authorizations", "finalize", "certificate", "error"],
  ),
  "an ACME authorization": within(
    (body) => readAcmeAuthorization(url, answerOf(body)),
    ["status", "expires", "identifier", "challenges", "wildcard"],
  ),
  "an ACME problem": within(
    (body) => problemOf(url, answerOf(body), 0),
    ["type", "detail", "title", "instance", "identifier", "subproblems"],
  ),
  "a certificate chain": readCertificates,
  "an issuer": parseIssuer,
  "an issuer beside another": (text) => issuerDifference(text, `${text}/`),
  "a discovery document": within(
    (body) => parseDiscovery(Buffer.from(body)),
    ["issuer", "jwks_uri", "response_types_supported", "subject_types_supported"],
  ),
  "a JWK Set": within((body) => parseJwkSet(Buffer.from(body)), ["keys"]),
  "a token": parseJws,
  "a trust policy": within((body) => parsePolicy(body, "trust"), ["Version", "Id", "Statement"]),
  "a cluster's refusal": within(
    (body) => statusMessage(Buffer.from(body)),
    ["kind", "message", "reason", "details"],
  ),
  "a cluster's object": within((body) => jsonObject(asked, Buffer.from(body)), ["kind", "metadata", "items"]),
  YAML: (text) => readYaml(text, { bytes: 256 * 1024, depth: 64, tokens: 200_000 }),
  "a form of AWS's query protocol": (text) => formParams(formPairs(text)),
  "Authorization of AWS Signature Version 4": (text) => {
    for (const header of [text, `AWS4-HMAC-SHA256 ${text}`, `AWS4-HMAC-SHA256 Credential=${text}`])
      readAuthorization({ ...wire, headers: { authorization: [header] } }, "query");
  },
  "a presigned URL of AWS": (text) =>
    readAuthorization(
      { ...wire, target: `/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${text}` },
      "query",
    ),
  "a request to a service of AWS that is not there": (text) => {
    const strange = {
      ...wire,
      target: `/?${text}`,
      headers: { authorization: [`AWS4 ${text}`], [text]: [text] },
    };
    isAwsCall(strange);
    claimedService(strange);
  },
};

// What made parsers slow: separators without an end, nesting, and repeated beginnings of what never comes to an end.
const pieces = [
  " ",
  "\t ",
  ",",
  ";",
  ";q=",
  'W/"',
  '"',
  "/",
  "//",
  ".",
  "[",
  '{"a":',
  "a=",
  "gzip;q= ",
  "https://a/",
  "%2F",
  "\\",
];
const endings = ["", "a b", '"', "}"];

/** Milliseconds of processor time. */
function timeOf(read: (text: string) => unknown, text: string): Promise<number> {
  return leastOwnTime(3, () => {
    try {
      read(text);
    } catch {
      // A refusal is an answer.
    }
  });
}

test("a reader that is quadratic is found", async () => {
  const quadratic = (text: string): unknown => {
    let found = 0;
    for (let at = 0; at < text.length; at += 8) found += text.indexOf("never", at);
    return found;
  };
  const [short, long] = [
    await timeOf(quadratic, "x".repeat(8000)),
    await timeOf(quadratic, "x".repeat(64_000)),
  ];
  assert.ok(long > 8 * short, `${short} ms, then ${long} ms`);
});

describe("processor time grows no faster than what clients send", () => {
  for (const [what, read] of Object.entries(readers)) {
    test(`of ${what}, whatever it is made of`, async () => {
      for (const piece of pieces) {
        for (const ending of endings) {
          const of = (size: number): string => piece.repeat(size / piece.length) + ending;
          const [short, long] = [await timeOf(read, of(8000)), await timeOf(read, of(64_000))];
          // 8 × linear, 64 × quadratic; below 25 ms for 64 kB nothing is slow.
          assert.ok(long < 25 || long < 32 * short, `${JSON.stringify(piece)}: ${short} ms, then ${long} ms`);
        }
      }
    });
  }
});
