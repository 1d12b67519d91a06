import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  day,
  hour,
  minute,
  preparedFacts,
  rotationFacts,
  second,
  serverWith,
  start,
} from "../../../test/support/rotation-facts.ts";
import {
  emptyRecord,
  judgeTheft,
  maxSessionMs,
  recordPromotion,
  type RotationFacts,
  type Theft,
  theftText,
} from "./index.ts";
import { podTokensOf } from "../tokens/index.ts";

const source = (audience: string | undefined, expirationSeconds?: number) => ({
  serviceAccountToken: { path: "token", audience, expirationSeconds },
});
const pod = (name: string, sources: readonly object[], status: object = {}) => ({
  metadata: { namespace: "shop", name, uid: `uid-${name}` },
  spec: { volumes: [{ name: "x" }, { projected: { sources: [{ configMap: {} }, ...sources] } }] },
  status: { phase: "Running", startTime: "2026-11-28T10:00:00Z", ...status },
});
const web = pod("web", [source("sts.amazonaws.com", 86_400), source(undefined, 3607)]);
const rules = { audiences: ["https://kubernetes.default.svc"], maximum: undefined, extend: true };

/** "new" is prepared, and lies on no machine. */
const encrypted = (since: number): RotationFacts => {
  const facts = preparedFacts(since);
  return { ...facts, record: { ...facts.record, sealed: { publicKey: "PEM", file: "YWdl" } } };
};

describe("a stolen key", () => {
  const known = [web, pod("quick", [source("vault", 600)])]
    .map(podTokensOf)
    .filter((one) => one !== undefined);
  const more = { pods: known, rules, sessionMs: maxSessionMs };
  const old = start - 2 * hour;
  const theft = (facts: RotationFacts, kid = "old"): Theft => judgeTheft(facts, kid, more);

  test("is replaced by the next one, once that is old enough", () => {
    assert.deepEqual(theft(encrypted(old)).answer, { way: "promote", kid: "new" });
    const young = theft(encrypted(start)).answer;
    assert.deepEqual(young, { way: "wait-or-lose", kid: "new", from: start + hour + minute + 10 * second });
  });

  test("is not replaced by a next one that lay unencrypted on the same machines: a thief of one may have both", () => {
    const { answer } = theft(preparedFacts(old));
    assert.match(JSON.stringify(answer), /no-next.*new lay unencrypted where old lay.*prepare --recipient/u);
  });

  test("has no quick answer without a next one, and the reason is given", () => {
    assert.match(JSON.stringify(theft(rotationFacts()).answer), /no-next.*no next key is prepared/u);
    const servers = ["a", "b"].map((name) => serverWith(name, ["new", "old"]));
    const done = rotationFacts({ servers, record: { ...emptyRecord, before: "old" } });
    assert.match(JSON.stringify(theft(done, "new").answer), /no-next.*old signed before/u);
  });

  test("is replaced by hand where the API servers keep their keys in a datastore", () => {
    const facts = preparedFacts(old);
    const servers = facts.servers.map((server) => ({ ...server, distribution: "k3s" as const }));
    for (const kid of ["old", "new"])
      assert.match(
        JSON.stringify(theft({ ...facts, servers }, kid).answer),
        /by-hand.*k3s certificate rotate-ca/u,
      );
  });

  test("is given up where it is the next one, and distrusted where it no longer signs", () => {
    const next = theft(preparedFacts(old), "new");
    assert.deepEqual([next.answer, next.pods], [{ way: "give-up" }, []]);
    const facts = preparedFacts(old);
    const servers = ["a", "b"].map((name) => serverWith(name, ["new", "old"]));
    const record = recordPromotion(facts.record, { next: "new", before: "old" }, start);
    assert.deepEqual(theft({ ...facts, servers, record }, "new").answer, { way: "give-up" });
    assert.deepEqual(theft({ ...facts, servers, record }).answer, { way: "distrust" });
  });

  test("hits the pods whose token may be of it, each until its kubelet has renewed that", () => {
    const current = theft(preparedFacts(old));
    assert.deepEqual(
      current.pods.map(({ name, renewedBy }) => [name, renewedBy - start]),
      [
        ["web", 0.8 * day + 3 * minute],
        ["quick", 11 * minute],
      ],
    );
    const servers = ["a", "b"].map((name) => serverWith(name, ["new", "old"]));
    const retired = (ago: number): Theft =>
      theft(
        rotationFacts({
          servers,
          record: { ...emptyRecord, keys: [{ kid: "old", retiredAt: start - ago }] },
        }),
      );
    const names = ({ pods }: Theft): readonly string[] => pods.map(({ name }) => name);
    assert.deepEqual(names(retired(minute)), ["web", "quick"]);
    assert.deepEqual(names(retired(hour)), ["web"]);
    assert.deepEqual(names(retired(3 * hour)), []);
    assert.deepEqual(names(theft(rotationFacts({ servers }))), ["web", "quick"]);
    assert.deepEqual(names(theft(rotationFacts(), "unheard-of")), []);
  });

  test("says how long the thief can continue, which pods are hit and what ends inside the cluster", () => {
    const legacy = ["old", "new"].map((kid) => ({
      namespace: "ci",
      name: `token-${kid}`,
      serviceAccount: "deployer",
      kid,
      lastUsed: undefined,
    }));
    const facts = preparedFacts(old, { legacy });
    const found = theft(facts);
    assert.equal(found.cachesUntil, start + minute);
    assert.equal(found.relyingPartiesUntil, start + minute + hour);
    assert.equal(found.sessionsUntil, start + minute + 13 * hour);
    const text = theftText(found, (ms) => new Date(ms).toISOString(), start).join("\n");
    assert.match(text, /old is current\./u);
    assert.match(text, /keep to Cache-Control accept what the thief signs until 2026-11-28T12:01:00/u);
    assert.match(text, /any until 2026-11-28T13:01:00/u);
    assert.match(text, /API servers a, b accept its tokens/u);
    assert.match(
      text,
      /shop\/quick is refused by relying parties until its token is renewed: by .* \(11m\)/u,
    );
    assert.match(text, /Secret ci\/token-old of ServiceAccount deployer ends/u);
    assert.doesNotMatch(text, /token-new/u);
    const none = { ...found, pods: [], legacy: [], verifiedBy: [] };
    assert.match(theftText(none, String, start).join("\n"), /No pod is refused\.$/u);
  });
});
