import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defined, PodtrustError } from "../../core/base/index.ts";
import type { DocumentReading, IssuerFinding } from "../../issuer/index.ts";
import { isUnseen, noConnection } from "./connections.ts";
import type { Judged } from "./judged.ts";

const issuer = "https://oidc.example.com";

interface Failed {
  readonly cause?: string;
  readonly reason?: string;
  /** Of each attempt; undefined: it was given up. */
  readonly errors?: readonly (string | undefined)[];
  readonly connect?: number;
}

function failed({ cause, reason = "connect", errors = [], connect }: Failed): DocumentReading {
  const attempts = errors.map((error) => ({ address: "192.0.2.1", port: 443, ...defined({ error }) }));
  return {
    document: "discovery",
    url: issuer,
    exchange: { resolved: [], attempts, timing: defined({ connect }), received: 0 },
    outcome: "failed",
    error: new PodtrustError("http-unreachable", "no connection", { detail: { cause, reason } }),
  };
}

function reasonOf(discovery: DocumentReading): string {
  const found: IssuerFinding = {
    reason: "ConnectionFailed",
    document: "discovery",
    url: issuer,
    seen: "no connection",
    next: "Look.",
  };
  return noConnection({ issuer, reading: { issuer, discovery } } as Judged, found).reason;
}

describe("no connection", () => {
  test("says nothing of an address to which no way began, or which was not to be asked", () => {
    for (const one of [
      failed({ cause: "ENETUNREACH" }),
      failed({ cause: "ETIMEDOUT", errors: ["EHOSTUNREACH", "EACCES"] }),
      failed({ reason: "withheld" }),
    ])
      assert.deepEqual([isUnseen(one), reasonOf(one)], [true, "AddressUnseen"]);
  });

  test("is refused, or failed on the way, where there was one", () => {
    const refused = failed({ cause: "ECONNREFUSED", errors: ["ECONNREFUSED"] });
    assert.deepEqual([isUnseen(refused), reasonOf(refused)], [false, "ConnectionRefused"]);
    const lost = failed({ cause: "ETIMEDOUT", errors: ["ETIMEDOUT", "ENETUNREACH"] });
    assert.deepEqual([isUnseen(lost), reasonOf(lost)], [false, "ConnectionFailed"]);
    assert.equal(isUnseen(failed({ cause: "ENETUNREACH", connect: 3 })), false);
    assert.equal(isUnseen(failed({ cause: "ETIMEDOUT", errors: [undefined] })), false);
  });
});
