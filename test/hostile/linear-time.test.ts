/**
 * Processor time for each byte that strangers send: for each header and document eight times as much may take eight
 * times as long, with room for a busy machine, and never the square of it.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import { alternateLinks, retryAfterMs } from "../../src/acme/answer.ts";
import { hostAllowed } from "../../src/http/index.ts";
import {
  issuerDifference,
  parseDiscovery,
  parseIssuer,
  parseJwkSet,
  parseJws,
} from "../../src/oidc/index.ts";
import { matchesAny, prefersGzip } from "../../src/publisher/serving/negotiation.ts";
import { parsePolicy } from "../../src/trust/index.ts";

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  "Accept-Encoding": prefersGzip,
  "If-None-Match": (text) => matchesAny(text, ['"a"']),
  Host: (text) => hostAllowed(text, "127.0.0.1"),
  "Retry-After": (text) => retryAfterMs({ "retry-after": text }, 0),
  Link: (text) => alternateLinks(text, "https://ca.example/"),
  "an issuer": parseIssuer,
  "an issuer beside another": (text) => issuerDifference(text, `${text}/`),
  "a discovery document": (text) => parseDiscovery(Buffer.from(text)),
  "a JWK Set": (text) => parseJwkSet(Buffer.from(text)),
  "a token": parseJws,
  "a trust policy": (text) => parsePolicy(text, "trust"),
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

/** Milliseconds of processor time, the least of some runs. */
function timeOf(read: (text: string) => unknown, text: string): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3; run += 1) {
    const before = process.cpuUsage();
    try {
      read(text);
    } catch {
      // A refusal is an answer.
    }
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

test("a reader that is quadratic is found", () => {
  const quadratic = (text: string): unknown => {
    let found = 0;
    for (let at = 0; at < text.length; at += 8) found += text.indexOf("never", at);
    return found;
  };
  const [short, long] = [8000, 64_000].map((size) => timeOf(quadratic, "x".repeat(size)));
  assert.ok((long ?? 0) > 8 * (short ?? 0), `${short} ms, then ${long} ms`);
});

describe("processor time grows no faster than what strangers send", () => {
  for (const [what, read] of Object.entries(readers)) {
    test(`of ${what}, whatever it is made of`, () => {
      for (const piece of pieces) {
        for (const ending of endings) {
          const of = (size: number): string => piece.repeat(size / piece.length) + ending;
          const [short, long] = [timeOf(read, of(8000)), timeOf(read, of(64_000))];
          // 8 × linear, 64 × quadratic; below 25 ms for 64 kB nothing is slow.
          assert.ok(long < 25 || long < 32 * short, `${JSON.stringify(piece)}: ${short} ms, then ${long} ms`);
        }
      }
    });
  }
});
