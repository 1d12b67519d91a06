import assert from "node:assert/strict";
import { test } from "node:test";
import { podtrustHost } from "../../../test/support/cli.ts";
import type { IssuerStatus, KeyStatus } from "../../publisher/index.ts";
import { createContext } from "../../core/command-line/index.ts";
import { showIssuer } from "./show.ts";

const start = Date.parse("2026-11-25T12:00:00Z");
const minute = 60_000;

const key = (kid: string, more: Partial<KeyStatus>): KeyStatus => ({
  kid,
  alg: "RS256",
  state: "current",
  shown: true,
  firstSeen: start,
  lastSeen: start,
  visibleAt: start + minute,
  ...more,
});

const issuer: IssuerStatus = {
  stack: "prod",
  issuer: "https://oidc.example.com",
  discoveryUrl: "https://oidc.example.com/.well-known/openid-configuration",
  jwksUri: "https://oidc.example.com/openid/v1/jwks",
  cluster: "https://10.0.0.1:6443",
  keys: [],
  warnings: [],
  unready: [],
  degraded: [],
};

function shown(status: Partial<IssuerStatus>): string {
  let out = "";
  const host = { ...podtrustHost(), stdout: { write: (text: string) => (out += text) } };
  showIssuer(createContext(host, { json: false, verbose: false }), { ...issuer, ...status });
  return out;
}

test("a key that signs is shown to sign, without a wait", () => {
  const out = shown({ keys: [key("old", { signs: { by: "token", at: start } })] });
  assert.match(out, /signs \(seen by a token of 2026-11-25T12:00:00Z\)/u);
  assert.doesNotMatch(out, /may sign from/u);
});

test("a new key shows from when it may sign, a replaced one from when it may be distrusted", () => {
  const out = shown({
    keys: [key("new", { maySignFrom: start + minute }), key("old", { mayDistrustFrom: start + 2 * minute })],
  });
  assert.match(out, /new .*\n.*\n +may sign from 2026-11-25T12:01:00Z/u);
  assert.match(out, /old .*\n.*\n +signs no more, may be distrusted from 2026-11-25T12:02:00Z/u);
});

test("a distrusted key that the cluster still names is shown as no more than that", () => {
  const out = shown({ keys: [key("old", { state: "distrusted", distrustedAt: start })] });
  assert.match(out, /distrusted at 2026-11-25T12:00:00Z, not published; the cluster still names it/u);
  assert.doesNotMatch(out, /warning/u);
});

test("a blind publisher is shown as blind, since when, why, and with the next step", () => {
  const failure = { reason: "unauthenticated", message: "it answered 401", next: "Renew it." } as const;
  const out = shown({
    failing: { ...failure, since: start - minute, count: 3 },
    blind: { ...failure, since: start },
  });
  assert.match(
    out,
    /blind \(unauthenticated\) since 2026-11-25T12:00:00Z, 3 times in a row: it answered 401/u,
  );
  assert.match(out, /next: Renew it\./u);
});

test("no certificate yet comes with the CA's last answer and the next attempt", () => {
  const out = shown({
    certificate: {
      failing: {
        message: "the CA said no",
        next: "Look at DNS.",
        at: start,
        count: 2,
        nextAttempt: start + minute,
      },
    },
  });
  assert.match(out, /no certificate yet/u);
  assert.match(out, /2 times in a row: the CA said no; next attempt 2026-11-25T12:01:00Z/u);
  assert.match(out, /next: Look at DNS\./u);
});
