import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { holdersOf, oldTokens, type OldTokensInput, type PodFacts } from "./index.ts";

const hour = 3_600_000;
const day = 24 * hour;
const switchedAt = Date.UTC(2026, 10, 1);
const old = "https://kubernetes.default.svc";

const pod = (name: string, more: Partial<PodFacts> = {}): PodFacts => ({
  namespace: "shop",
  name,
  serviceAccount: "web",
  startedAt: switchedAt - day,
  tokens: [{ expirationSeconds: 3607 }],
  ...more,
});

const input = (more: Partial<OldTokensInput> = {}): OldTokensInput => ({
  pods: [pod("web")],
  switchedAt,
  now: switchedAt + 60_000,
  apiAudiences: [old],
  isExtended: true,
  ...more,
});

const firstUntil = (more: Partial<OldTokensInput>): number => {
  const [token] = oldTokens(input(more)).tokens;
  return ((token?.until ?? 0) - switchedAt) / 1000;
};

describe("the tokens of before that pods may hold", () => {
  test("a pod that began after the switch, or that has no token yet, holds none", () => {
    const { startedAt: _, ...pending } = pod("pending");
    const pods = [pod("new", { startedAt: switchedAt + 2 * 60_000 }), pending];
    assert.deepEqual(oldTokens(input({ pods })), {
      tokens: [],
      renewedBy: switchedAt,
      cluster: switchedAt,
      others: switchedAt,
    });
  });

  test("two machines' clocks may differ by a minute", () => {
    assert.equal(
      oldTokens(input({ pods: [pod("near", { startedAt: switchedAt + 59_000 })] })).tokens.length,
      1,
    );
  });

  test("the kubelet's own lives a year where the API server extends it, an hour where it does not", () => {
    assert.equal(firstUntil({}), 365 * 86_400);
    assert.equal(firstUntil({ isExtended: false }), 3607);
    assert.equal(
      firstUntil({ pods: [pod("a", { tokens: [{ audience: old, expirationSeconds: 3607 }] })] }),
      365 * 86_400,
    );
    assert.equal(firstUntil({ pods: [pod("a", { tokens: [{ expirationSeconds: 7200 }] })] }), 7200);
  });

  test("one for somebody else lives as long as its volume asks, as the server allows, and as STS puts up with", () => {
    const tokens = [{ audience: "sts.amazonaws.com", expirationSeconds: 86_400 }];
    assert.equal(firstUntil({ pods: [pod("a", { tokens })] }), 86_400 + 300);
    assert.equal(firstUntil({ pods: [pod("a", { tokens })], maxTokenSeconds: 3600 }), 3600 + 300);
  });

  test("tokens that have expired are left out", () => {
    assert.deepEqual(oldTokens(input({ now: switchedAt + 366 * day })).tokens, []);
  });
});

test("when the old issuer can go: for files, for the API servers, and for others", () => {
  const pods = [
    pod("web", {
      tokens: [{ expirationSeconds: 3607 }, { audience: "sts.amazonaws.com", expirationSeconds: 86_400 }],
    }),
    pod("job", { tokens: [{ audience: "vault", expirationSeconds: 7 * 86_400 }] }),
  ];
  const { tokens, renewedBy, cluster, others } = oldTokens(input({ pods }));
  assert.deepEqual(holdersOf(tokens), ["shop/web", "shop/job"]);
  assert.equal(renewedBy, switchedAt + day + 300_000);
  assert.equal(cluster, switchedAt + 365 * day);
  assert.equal(others, switchedAt + 7 * day + 300_000);
});
