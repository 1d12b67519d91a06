/** Whatever a CA sends, reading it gives a document or one of our errors, and nothing else. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { PodtrustError } from "../../core/base/index.ts";
import { alternateLinks, retryAfterMs } from "./answer.ts";
import { readCertificates } from "./chain/index.ts";
import { readDirectory } from "./directory.ts";
import { identifiersOf } from "./names.ts";
import { readAuthorization, readOrder } from "./order.ts";
import { problemOf } from "./problem.ts";
import { readRenewalInfo } from "./renewal-info.ts";
import { leastOwnTime } from "../../../test/support/processor-time.ts";
import { runs } from "../../../test/support/runs.ts";

const url = "https://ca.example/x";
const names = [
  "status",
  "identifiers",
  "authorizations",
  "finalize",
  "challenges",
  "identifier",
  "token",
  "type",
  "url",
];
const more = [
  "suggestedWindow",
  "start",
  "end",
  "meta",
  "profiles",
  "newNonce",
  "newOrder",
  "subproblems",
  "detail",
];
const leaf = fc.oneof(
  fc.constantFrom("pending", "valid", "dns", "http-01", url, "http://plain.example/", "2026-01-01T00:00:00Z"),
  fc.string(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...names, ...more), tie("tree"), { maxKeys: 8 }),
  ),
}));
const body = fc.oneof(
  fc.string(),
  tree.map((value) => JSON.stringify(value) ?? ""),
);
const headers = fc.dictionary(fc.constantFrom("retry-after", "date", "link"), fc.string());

function onlyOurErrors(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof PodtrustError, String(error));
  }
}

describe("what a CA answers", () => {
  test("of every shape are read or refused as such", () => {
    fc.assert(
      fc.property(body, headers, fc.integer({ min: 200, max: 599 }), (text, fields, status) => {
        const response = { status, headers: fields, body: Buffer.from(text) };
        onlyOurErrors(() => readDirectory(url, response));
        onlyOurErrors(() => readOrder(url, response));
        onlyOurErrors(() => readAuthorization(url, response));
        onlyOurErrors(() => readRenewalInfo(url, response, 0));
        onlyOurErrors(() => readCertificates(text));
        assert.ok(problemOf(url, response, 0).message.startsWith(url));
        assert.ok(alternateLinks(fields["link"], url).length <= 5);
        const wait = retryAfterMs(fields, 0);
        assert.ok(wait === undefined || (wait >= 0 && wait <= 30 * 24 * 3_600_000));
      }),
      { numRuns: runs(500) },
    );
  });

  test("to names of every shape are read or refused as such", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.domain(), fc.ipV4(), fc.ipV6()), { maxLength: 5 }),
        (list) => {
          onlyOurErrors(() => {
            const once = identifiersOf(list);
            assert.deepEqual(
              identifiersOf(once.map((one) => one.value)),
              once,
              "the canonical form is its own",
            );
          });
        },
      ),
      { numRuns: runs(500) },
    );
  });
});

// The largest body and header that src/core/http lets through to here.
const bodyBytes = 256 * 1024;
const headerBytes = 32 * 1024;
const motifs = [
  "[",
  '{"a":',
  " ",
  "\t\n",
  "<",
  "<>;",
  '<a>; rel="alternate"; ',
  ";rel=",
  "; ",
  "-",
  "-----BEGIN CERTIFICATE-----",
  "-----BEGIN CERTIFICATE-----\nA",
  "-----BEGIN A",
  "A",
  "\n",
  "1",
  "1 ",
  "GMT ",
  "(",
  ",",
  ":",
  "\0",
  "\u0085é",
];

describe("what a CA answers costs little", () => {
  // What is linear takes a few milliseconds; what is quadratic takes seconds at these sizes.
  const maxMs = 400;
  const cost = (read: () => unknown): Promise<number> => leastOwnTime(3, () => onlyOurErrors(read), maxMs);
  for (const motif of motifs) {
    test(`as repetitions of ${JSON.stringify(motif)}`, async () => {
      const long = (bytes: number, end = ""): string =>
        motif.repeat(Math.ceil(bytes / Buffer.byteLength(motif))).slice(0, bytes - end.length) + end;
      const text = long(bodyBytes);
      const quoted = JSON.stringify({ detail: text, token: text, newNonce: text, type: text, value: text });
      for (const sent of [text, quoted]) {
        const response = { status: 400, headers: {}, body: Buffer.from(sent) };
        for (const read of [readDirectory, readOrder, readAuthorization])
          assert.ok((await cost(() => read(url, response))) < maxMs, read.name);
        assert.ok((await cost(() => problemOf(url, response, 0))) < maxMs, "problem");
        assert.ok((await cost(() => readCertificates(sent.slice(0, 128 * 1024)))) < maxMs, "PEM");
      }
      for (const header of [long(headerBytes), long(headerBytes, " GMT"), `<${long(headerBytes - 1)}`]) {
        const fields = { "retry-after": header, date: header, link: header };
        assert.ok((await cost(() => alternateLinks(fields.link, url))) < maxMs, "Link");
        assert.ok((await cost(() => retryAfterMs(fields, 0))) < maxMs, "Retry-After");
      }
      assert.ok((await cost(() => identifiersOf([long(headerBytes)]))) < maxMs, "names");
    });
  }
});
