import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lifeOf, mayHold, type PodTokens, podTokensOf, renewedWithinMs, tokenLives } from "./index.ts";

const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];
const year = 365 * day;
const source = (audience: string | undefined, expirationSeconds?: number) => ({
  serviceAccountToken: { path: "token", audience, expirationSeconds },
});
const pod = (name: string, sources: readonly object[], status: object = {}) => ({
  metadata: { namespace: "shop", name, uid: `uid-${name}` },
  spec: {
    serviceAccountName: "cart",
    volumes: [{ name: "x" }, { projected: { sources: [{ configMap: {} }, ...sources] } }],
  },
  status: { phase: "Running", startTime: "2026-11-28T10:00:00Z", ...status },
});
const web = pod("web", [source("sts.amazonaws.com", 86_400), source(undefined, 3607)]);
const rules = { audiences: ["https://kubernetes.default.svc"], maximum: undefined, extend: true };

describe("the tokens of pods", () => {
  test("are read from their specs, with the API server's defaults", () => {
    assert.deepEqual(podTokensOf(web), {
      namespace: "shop",
      name: "web",
      uid: "uid-web",
      serviceAccount: "cart",
      startedAt: Date.UTC(2026, 10, 28, 10),
      tokens: [
        { audience: "sts.amazonaws.com", ms: day },
        { audience: undefined, ms: 3607 * second },
      ],
    });
    const { spec } = pod("a", [source("")]);
    assert.deepEqual(podTokensOf({ spec: { volumes: spec.volumes } }), {
      namespace: "",
      name: "",
      uid: "",
      serviceAccount: "default",
      startedAt: undefined,
      tokens: [{ audience: undefined, ms: hour }],
    });
  });

  test("of one that has ended, or asks for none, are nothing", () => {
    assert.equal(podTokensOf(pod("a", [source("vault")], { phase: "Failed" })), undefined);
    assert.equal(podTokensOf(pod("a", [])), undefined);
    assert.equal(podTokensOf("no pod"), undefined);
  });

  test("have their longest by the specs, the servers' maximum and their extension to a year", () => {
    const pods = [
      podTokensOf(web),
      podTokensOf(pod("b", [source("vault"), source(rules.audiences[0], 600)])),
    ];
    const known = pods.filter((one) => one !== undefined);
    const lives = tokenLives(known, rules);
    assert.deepEqual(lives.outside, { ms: day, of: "pod shop/web" });
    assert.deepEqual(lives.api, { ms: 3607 * second, of: "pod shop/web" });
    assert.deepEqual(lives.extended, { ms: year, of: "pod shop/web" });
    const bounded = tokenLives(known, { ...rules, maximum: hour });
    assert.deepEqual([bounded.outside.ms, bounded.api.ms, bounded.extended], [hour, hour, undefined]);
    assert.equal(tokenLives(known, { ...rules, extend: false }).extended, undefined);
    assert.deepEqual(lives.lasting, []);
    const none = tokenLives([], rules);
    assert.deepEqual(none.outside, { ms: 0, of: "no pod that lives" });
    assert.equal(none.extended, undefined);
  });
});

describe("a token that lives longer than a day", () => {
  test("is in use until its kubelet has renewed it, and its copy lasts as long as it lives", () => {
    const years = 4_294_967_296 * second;
    const pods = [
      podTokensOf(web),
      podTokensOf(pod("tenant", [source("sts.amazonaws.com", 4_294_967_296)])),
      podTokensOf(pod("batch", [source(rules.audiences[0], (26 * hour) / second)])),
    ];
    const known = pods.filter((one) => one !== undefined);
    const lives = tokenLives(known, rules);
    assert.deepEqual(lives.outside, { ms: day + 3 * minute, of: "pod shop/tenant" });
    assert.deepEqual(lives.api, { ms: 26 * hour * 0.8 + 3 * minute, of: "pod shop/batch" });
    const startedAt = Date.UTC(2026, 10, 28, 10);
    assert.deepEqual(lives.lasting, [
      { pod: "shop/tenant", startedAt, ms: years, isOutside: true },
      { pod: "shop/batch", startedAt, ms: 26 * hour, isOutside: false },
    ]);
    assert.deepEqual(tokenLives(known, { ...rules, maximum: day }).lasting, []);
  });
});

describe("a pod's token", () => {
  const own = { audience: undefined, ms: 3607 * second };

  test("lives a year where the API server extends the kubelet's hour, which a maximum of a day does not bound", () => {
    assert.equal(lifeOf(own, rules), year);
    assert.equal(lifeOf({ ...own, audience: rules.audiences[0] }, rules), year);
    assert.equal(lifeOf(own, { ...rules, maximum: day }), year);
    assert.equal(lifeOf(own, { ...rules, maximum: 3607 * second }), year);
  });

  test("lives as long as it was asked for where that is not the kubelet's hour, or a maximum cuts it short", () => {
    assert.equal(lifeOf(own, { ...rules, extend: false }), 3607 * second);
    assert.equal(lifeOf(own, { ...rules, maximum: hour }), hour);
    assert.equal(lifeOf({ ...own, audience: "vault" }, rules), 3607 * second);
    assert.equal(lifeOf({ ...own, ms: 2 * hour }, rules), 2 * hour);
  });

  test("is renewed at 80 % of its life, after a day at the latest, by the second look of its kubelet", () => {
    assert.equal(renewedWithinMs({ audience: "vault", ms: 10 * minute }, rules), 11 * minute);
    assert.equal(renewedWithinMs({ audience: "vault", ms: 7 * day }, rules), day + 3 * minute);
    assert.equal(renewedWithinMs(own, rules), 2_885_600 + 3 * minute);
    const bounded = renewedWithinMs({ audience: "vault", ms: day }, { ...rules, maximum: 10 * minute });
    assert.equal(bounded, 11 * minute);
  });

  test("may be of a key that has signed since the pod began, give or take a minute between two clocks", () => {
    const [signedAt, now] = [10 * hour, 11 * hour];
    const began = (startedAt: number | undefined): PodTokens => ({
      namespace: "shop",
      name: "web",
      uid: "u",
      serviceAccount: "web",
      startedAt,
      tokens: [own],
    });
    assert.equal(mayHold(began(9 * hour), signedAt, now), true);
    assert.equal(mayHold(began(signedAt + minute), signedAt, now), true);
    assert.equal(mayHold(began(signedAt + minute + 1), signedAt, now), false);
    assert.equal(mayHold(began(undefined), signedAt, now), false, "it gets its first token from now on");
    assert.equal(mayHold(began(undefined), now, now), true);
  });
});
