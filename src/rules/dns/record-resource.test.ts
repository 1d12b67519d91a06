import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  applyPlan,
  type Inputs,
  noInputs,
  type Observed,
  type Owner,
  planOf,
  type Work,
} from "../plan/index.ts";
import {
  type ProviderZone,
  type DnsProvider,
  type DnsZone,
  type ObservedRecordSet,
  recordResource,
  recordsSeen,
  recordToDelete,
} from "./index.ts";

const { signal } = new AbortController();
const key = { name: "oidc.example.com", type: "A" } as const;
const spec = { ...key, ttl: 300, values: ["203.0.113.7", "203.0.113.8"] };
const untagged: Owner = { kind: "untagged", looksLike: "another stack" };
const other: Owner = { kind: "other-stack", stack: "staging" };
const change = { kind: "none", fields: [] } as const;

const foundSet = (more: Partial<ObservedRecordSet> = {}): ObservedRecordSet => ({
  ...spec,
  proxied: false,
  owner: { kind: "ours" },
  hasOurs: true,
  ...more,
});
const observed = (set: ObservedRecordSet): Observed<ObservedRecordSet> => ({
  exists: true,
  state: set,
  owner: set.owner,
});
const work = (inputs: Inputs = noInputs): Work => ({ signal, inputs, waiting: () => {} });

/** A zone that keeps sets of records in memory; `log` says what was asked of it. */
function zoneWith(...sets: readonly ObservedRecordSet[]) {
  const kept = new Map(sets.map((set) => [`${set.name}/${set.type}`, set]));
  const log: string[] = [];
  const provider = {
    name: "Memory",
    find: (_zone: DnsZone, { name, type }: typeof key) => Promise.resolve(kept.get(`${name}/${type}`)),
    write(_zone: DnsZone, set: typeof spec, _work: Work, takeOver: boolean) {
      kept.set(`${set.name}/${set.type}`, foundSet(set));
      log.push(`write ${set.values.join(" ")}${takeOver ? " taking over" : ""}`);
      return Promise.resolve();
    },
    delete(_zone: DnsZone, { name, type }: typeof key) {
      kept.delete(`${name}/${type}`);
      log.push(`delete ${name} ${type}`);
      return Promise.resolve();
    },
  } as unknown as DnsProvider;
  const zone = { name: "example.com" } as DnsZone;
  const place: ProviderZone = { provider, zone: () => Promise.resolve(zone) };
  return { kept, log, place, provider };
}

describe("a set of records of the config", () => {
  test("gets the mark's identity where only that is missing, and is taken from nobody for it", async () => {
    const { log, place } = zoneWith(foundSet({ owner: { kind: "ours", byName: true } }));
    const plan = await planOf({ desired: [recordResource(place, spec)] }, signal);
    assert.deepEqual(
      plan.changes.map(({ kind, fields }) => [kind, fields.map(({ field }) => field)]),
      [["update", ["mark"]]],
    );
    assert.deepEqual((await applyPlan(plan)).failed, []);
    assert.deepEqual(log, [`write ${spec.values.join(" ")}`]);
    const now = await planOf({ desired: [recordResource(place, spec)] }, signal);
    assert.deepEqual(now.changes[0]?.kind, "none");
  });

  test("is made where there is none, and is then as wanted, whatever order its values come in", async () => {
    const { kept, log, place } = zoneWith();
    const record = recordResource(place, spec);
    const plan = await planOf({ desired: [record] }, signal);
    assert.deepEqual(plan.changes[0]?.fields, [
      { field: "addresses", before: undefined, after: spec.values },
      { field: "ttl", before: undefined, after: 300 },
    ]);
    assert.deepEqual((await applyPlan(plan)).failed, []);
    assert.deepEqual(log, ["write 203.0.113.7 203.0.113.8"]);
    kept.set("oidc.example.com/A", foundSet({ values: spec.values.toReversed() }));
    assert.equal((await planOf({ desired: [record] }, signal)).changes[0]?.kind, "none");
  });

  test("differs by its values, by a lifetime that records do not share, and by a proxy before it", () => {
    const record = recordResource(zoneWith().place, spec);
    const found = foundSet({ values: ["203.0.113.9"], ttl: "mixed", proxied: true });
    assert.deepEqual(record.diff(observed(found), noInputs), {
      kind: "update",
      fields: [
        { field: "addresses", before: ["203.0.113.9"], after: spec.values },
        { field: "ttl", before: "mixed", after: 300 },
        { field: "proxied", before: true, after: false },
      ],
    });
  });

  test("gets nothing but the stack's mark where another owner has the very same, and only with leave", async () => {
    const { log, place } = zoneWith(foundSet({ owner: untagged, hasOurs: false }));
    const record = recordResource(place, spec);
    const refused = await planOf({ desired: [record] }, signal);
    assert.deepEqual(
      refused.refusals.map((one) => one.code),
      ["plan-name-taken"],
    );
    const plan = await planOf({ desired: [record], adopt: new Set([record.id]) }, signal);
    assert.deepEqual([plan.changes[0]?.kind, plan.changes[0]?.fields], ["update", []]);
    assert.deepEqual((await applyPlan(plan)).failed, []);
    assert.deepEqual(log, ["write 203.0.113.7 203.0.113.8 taking over"]);
  });

  test("that is changed between a plan and its end is seen by its fingerprint, in any order of its values", () => {
    const record = recordResource(zoneWith().place, spec);
    const one = record.fingerprint(foundSet({ values: ["a", "b"] }));
    assert.deepEqual(record.fingerprint(foundSet({ values: ["b", "a"] })), one);
    assert.notDeepEqual(record.fingerprint(foundSet({ values: ["a", "c"] })), one);
  });

  test("gives what its provider calls each record to what is made of that", () => {
    const record = recordResource(zoneWith().place, spec);
    const outputs = (more: Partial<ObservedRecordSet>) => record.outputs?.(foundSet(more));
    assert.deepEqual(outputs({ recordIds: { "203.0.113.7": "r1" } }), { recordIds: '{"203.0.113.7":"r1"}' });
    assert.deepEqual(outputs({}), { recordIds: "{}" });
  });

  test("is waited for where its provider says when all name servers have it, and nowhere else", async () => {
    const { place, provider } = zoneWith();
    const given = { resource: recordResource(place, spec), observed: { exists: false }, ...change } as const;
    assert.equal("confirm" in given.resource, false);
    const waited: string[] = [];
    const saying = {
      ...provider,
      untilVisible: ({ name, type }: typeof key) => Promise.resolve(void waited.push(`${name} ${type}`)),
    } as unknown as DnsProvider;
    const resource = recordResource({ ...place, provider: saying }, spec);
    await resource.confirm?.({ ...given, resource }, work());
    assert.deepEqual(waited, ["oidc.example.com A"]);
  });
});

describe("a set of records that is made of another resource's output", () => {
  const from = { after: "server", name: "ipv4" };
  const derived = {
    ...key,
    ttl: 300,
    values: { from, make: (text: string) => text.split(" ").filter(Boolean) },
  };
  const knowing = (text: string): Inputs => ({ get: () => ({ known: true, value: text }) });
  const unknowing: Inputs = { get: () => ({ known: false, after: "server" }) };

  test("needs it, and is shown as known after it", () => {
    const record = recordResource(zoneWith().place, { ...derived, dependsOn: ["other"] });
    assert.deepEqual([record.needs, record.dependsOn], [[from], ["other"]]);
    assert.deepEqual(record.diff({ exists: false }, unknowing).fields[0], {
      field: "addresses",
      before: undefined,
      after: { knownAfter: "server" },
    });
  });

  test("is left as it stands while there is nothing to be written", () => {
    const record = recordResource(zoneWith().place, derived);
    assert.equal(record.diff(observed(foundSet()), knowing("")).kind, "none");
    assert.equal(record.diff({ exists: false }, knowing("203.0.113.7")).kind, "create");
  });

  test("is never written before its values are known", async () => {
    const { log, place } = zoneWith();
    const resource = recordResource(place, derived);
    await assert.rejects(
      resource.apply({ resource, observed: { exists: false }, ...change }, work(unknowing)),
      /oidc\.example\.com A is written before its value is known/u,
    );
    assert.deepEqual(log, []);
  });
});

describe("a set of records that has to go", () => {
  test("goes where some of it is the stack's, though another owner added a record to it", async () => {
    const { kept, log, place } = zoneWith(foundSet({ owner: other, hasOurs: true }));
    const record = recordToDelete(place, key, ["server"]);
    assert.deepEqual(record.dependsOn, ["server"]);
    assert.deepEqual((await applyPlan(await planOf({ desired: [], owned: [record] }, signal))).failed, []);
    assert.deepEqual([log, kept.size], [["delete oidc.example.com A"], 0]);
  });

  test("stays where none of it is, and is gone already where nothing stands", async () => {
    for (const sets of [[foundSet({ owner: other, hasOurs: false })], []]) {
      const { log, place } = zoneWith(...sets);
      const plan = await planOf({ desired: [], owned: [recordToDelete(place, key, [])] }, signal);
      await applyPlan(plan);
      assert.deepEqual([plan.changes.map(({ kind }) => kind), log], [["none"], []]);
    }
  });

  test("leads tokens' readers to the issuer where it is an address, and nowhere else", () => {
    const issuersOf = (type: "A" | "AAAA" | "CAA"): readonly string[] | undefined =>
      recordToDelete(zoneWith().place, { ...key, type }, []).issuers?.(foundSet());
    assert.deepEqual(issuersOf("A"), ["https://oidc.example.com"]);
    assert.deepEqual([issuersOf("AAAA"), issuersOf("CAA")], [["https://oidc.example.com"], []]);
  });

  test("is never written", async () => {
    const resource = recordToDelete(zoneWith().place, key, []);
    const given = resource.diff({ exists: false }, noInputs);
    assert.deepEqual(given, change);
    await assert.rejects(
      resource.apply({ resource, observed: { exists: false }, ...change }, work()),
      /oidc\.example\.com A is there to be deleted/u,
    );
  });
});

test("what a listing of a zone found stands under the names that a plan has for it", () => {
  const seen = recordsSeen([foundSet(), foundSet({ type: "AAAA", owner: other })]);
  assert.deepEqual(
    [...seen].map(([id, one]) => [id, one.exists && one.owner]),
    [
      ["dns/oidc.example.com/A", { kind: "ours" }],
      ["dns/oidc.example.com/AAAA", other],
    ],
  );
});
