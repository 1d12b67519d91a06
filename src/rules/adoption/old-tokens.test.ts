import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PodTokens } from "../tokens/index.ts";
import { holdersOf, oldTokens, type OldTokensInput, tokensForApi } from "./index.ts";

const hour = 3_600_000;
const day = 24 * hour;
const switchedAt = Date.UTC(2026, 10, 1);
const old = "https://kubernetes.default.svc";

const second = 1000;

const pod = (name: string, more: Partial<PodTokens> = {}): PodTokens => ({
  namespace: "shop",
  name,
  uid: `uid-${name}`,
  serviceAccount: "web",
  startedAt: switchedAt - day,
  tokens: [{ audience: undefined, ms: 3607 * second }],
  ...more,
});

const rules = { audiences: [old], maximum: undefined, extend: true };

const input = (more: Partial<OldTokensInput> = {}): OldTokensInput => ({
  pods: [pod("web")],
  switchedAt,
  now: switchedAt + 5 * 60_000,
  rules,
  ...more,
});

const firstUntil = (more: Partial<OldTokensInput>): number => {
  const [token] = oldTokens(input(more)).tokens;
  return ((token?.until ?? 0) - switchedAt) / second;
};

describe("the old tokens that pods may hold", () => {
  test("a pod that began after the switch, or that no kubelet has taken, holds none", () => {
    const pending = pod("pending", { startedAt: undefined });
    const pods = [pod("new", { startedAt: switchedAt + 2 * 60_000 }), pending];
    assert.deepEqual(oldTokens(input({ pods })), {
      tokens: [],
      renewedBy: switchedAt,
      cluster: switchedAt,
      others: switchedAt,
    });
  });

  test("one for the API lives as long as the API server makes it: for the kubelet's own a year", () => {
    assert.equal(firstUntil({}), 365 * 86_400);
    assert.equal(firstUntil({ rules: { ...rules, extend: false } }), 3607);
  });

  test("one for another relying party lives as long as its volume asks, the server allows, and STS tolerates", () => {
    const pods = [pod("a", { tokens: [{ audience: "sts.amazonaws.com", ms: day }] })];
    assert.equal(firstUntil({ pods }), 86_400 + 300);
    assert.equal(firstUntil({ pods, rules: { ...rules, maximum: hour } }), 3600 + 300);
  });

  test("tokens that have expired are left out", () => {
    assert.deepEqual(oldTokens(input({ now: switchedAt + 366 * day })).tokens, []);
  });
});

test("when the old issuer can go: for files, for the API servers, and for others", () => {
  const pods = [
    pod("web", {
      tokens: [
        { audience: undefined, ms: 3607 * second },
        { audience: "sts.amazonaws.com", ms: day },
      ],
    }),
    pod("job", { tokens: [{ audience: "vault", ms: 7 * day }] }),
  ];
  const { tokens, renewedBy, cluster, others } = oldTokens(input({ pods }));
  assert.deepEqual(holdersOf(tokens), ["shop/web", "shop/job"]);
  assert.equal(renewedBy, switchedAt + day + 180_000);
  assert.equal(cluster, switchedAt + 365 * day);
  assert.equal(others, switchedAt + 7 * day + 300_000);
});

test("tokens for the API are refused at once where a server holds one issuer, and none for others", () => {
  const tokens = [
    { audience: undefined, ms: 3607 * second },
    { audience: old, ms: hour },
    { audience: "sts.amazonaws.com", ms: day },
  ];
  const found = tokensForApi(oldTokens(input({ pods: [pod("web", { tokens })] })), rules);
  assert.deepEqual(
    found.map(({ pod: name, audience, renewedBy }) => [name, audience, renewedBy - switchedAt]),
    [
      ["web", undefined, 2_885_600 + 180_000],
      ["web", old, 48 * 60_000 + 180_000],
    ],
  );
});
