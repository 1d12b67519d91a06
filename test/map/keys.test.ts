import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { breakageOf, mapPage, trustMap, type TrustMap } from "../../src/map/index.ts";
import type { MapFacts } from "../../src/map/facts.ts";
import { account, factsOf, now } from "./facts.ts";

const keys = ["now", "spare", "before"].map((kid) => ({ kid, alg: "ES256" }));

/** A cluster and an issuer with three keys, of which the first signs by a token of now. */
function withKeys(more: Partial<MapFacts>): TrustMap {
  const facts = factsOf();
  const cluster = { ...facts.cluster, server: "https://10.0.0.1:6443", version: "v1.36.3", keys };
  const proofs = [{ account, role: "web", serviceAccount: "shop/web", kid: "now", accepted: true, said: "" }];
  return trustMap({ ...facts, cluster, published: keys, proofs, ...more });
}

const statesOf = ({ nodes }: TrustMap): Readonly<Record<string, unknown>> =>
  Object.fromEntries(nodes.filter(({ kind }) => kind === "key").map(({ name, state }) => [name, state]));

describe("the keys of the trust map", () => {
  const record = {
    version: 1,
    next: "spare",
    keys: [
      { kid: "now", signsSince: now - 1000 },
      { kid: "spare" },
      { kid: "before", signsSince: now - 9000, retiredAt: now - 1000 },
    ],
    quiet: [],
  } as const;

  test("are current, next and previous as a rotation remembers them, in words on the page", () => {
    const map = withKeys({ rotation: record });
    assert.deepEqual(statesOf(map), { now: "current", spare: "next", before: "previous" });
    const page = mapPage(map);
    for (const words of ["Current: signs", "Next: published", "Previous: verifies"])
      assert.ok(page.includes(words), words);
    assert.match(breakageOf(map)("key spare").text, /^Nothing yet: it signs nothing/u);
    assert.match(breakageOf(map)("key before").text, /it signed earlier are refused/u);
  });

  test("are next and previous as a publisher saw them, where no rotation remembers any", () => {
    const known = { alg: "ES256", state: "current" } as const;
    const publisher = [
      { ...known, kid: "now", firstSeen: now - 5000, signs: { by: "token", at: now } } as const,
      { ...known, kid: "spare", firstSeen: now - 1000 },
      { ...known, kid: "before", firstSeen: now - 9000, mayDistrustFrom: now + 1000 },
    ];
    const rotation = { version: 1, keys: [], quiet: [] } as const;
    assert.deepEqual(statesOf(withKeys({ publisher, rotation })), {
      now: "current",
      spare: "next",
      before: "previous",
    });
  });

  test("are published, and no more is said, where neither remembers any", () => {
    assert.deepEqual(statesOf(withKeys({})), { now: "current", spare: "published", before: "published" });
  });
});
