import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodtrustError } from "../../core/base/index.ts";
import type { DocumentReading, IssuerFinding } from "../../issuer/index.ts";
import { isUnseen, noConnection } from "./connections.ts";
import type { Judged } from "./judged.ts";
import { judgeNames } from "./names.ts";

const issuer = "https://oidc.example.com";
const exchange = { resolved: [], attempts: [], timing: {}, received: 0, proxy: "proxy:3128" };

const refused: DocumentReading = {
  document: "discovery",
  url: issuer,
  exchange,
  outcome: "failed",
  error: new PodtrustError("http-proxy", "the proxy refuses it"),
};

const facts = {
  issuer,
  reading: { issuer, discovery: refused },
  names: [{ host: "oidc.example.com", answers: [{ error: "ENOTFOUND" }] }],
} as unknown as Judged;

describe("an issuer behind a company's proxy", () => {
  test("is not seen where the proxy makes no connection, and what to do about the proxy is said", () => {
    const found: IssuerFinding = {
      reason: "ConnectionFailed",
      document: "discovery",
      url: issuer,
      seen: "the proxy refuses it",
      next: "Have it let through.",
    };
    const { reason, next, seen } = noConnection(facts, found);
    assert.equal(isUnseen(refused), true);
    assert.deepEqual([reason, next, seen], ["AddressUnseen", "Have it let through.", "the proxy refuses it"]);
  });

  test("has a name that the proxy finds, whatever this machine's resolver says", () => {
    assert.deepEqual(judgeNames(facts), []);
  });
});
