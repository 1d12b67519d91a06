import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { hour, minute, start } from "../../../test/support/rotation-facts.ts";
import { runs } from "../../../test/support/runs.ts";
import {
  blankRecord,
  observedIssuers,
  readServerRecord,
  type RecordedTheft,
  type ServerClocks,
  type ServerRecord,
  serverRecordText,
  signedAs,
  unitedRecords,
  unsignedSince,
} from "./index.ts";
import { type Moment, timeOf } from "./moments.ts";
import { lasts, type RecordSpan } from "./server-record.ts";
import { taints } from "./tainted.ts";

const names = ["cp-1", "cp-2", "__proto__"];
const moment: fc.Arbitrary<Moment> = fc
  .array(fc.tuple(fc.constantFrom(...names), fc.nat(5)), { maxLength: 3 })
  .map((entries) => new Map(entries));
const plain = { noNullPrototype: true } as const;
const span: fc.Arbitrary<RecordSpan> = fc.record(
  { turn: fc.integer({ min: 1, max: 3 }), begun: moment, ended: moment },
  plain,
);
const mapOf = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<ReadonlyMap<string, T>> =>
  fc
    .array(fc.tuple(fc.constantFrom("a", "b", "__proto__"), value), { maxLength: 3 })
    .map((entries) => new Map(entries));
const kid = fc.constantFrom("k1", "k2");
const nextTurn = fc.tuple(span, kid).map(([one, of]) => ({ ...one, kid: of }));
const promotionTurn = fc.tuple(nextTurn, kid).map(([one, before]) => ({ ...one, before }));
const keyMemory = fc.record(
  { everywhere: span, retired: span, signs: moment, distrusted: moment },
  { ...plain, requiredKeys: ["signs", "distrusted"] },
);
const quietTurn = fc.record(
  { turn: fc.nat(2), count: fc.nat(2), startedAt: fc.nat(2), since: fc.nat(2) },
  plain,
);
const theft: fc.Arbitrary<RecordedTheft> = fc.record(
  {
    way: fc.constantFrom("at-once", "thief-reaches-no-api"),
    fresh: kid,
    tainted: mapOf(fc.constantFrom(...taints)),
    published: moment,
    proofs: mapOf(fc.constantFrom("tokens", "files")),
    ended: moment,
  },
  { ...plain, requiredKeys: ["way", "tainted", "published", "proofs", "ended"] },
);
const record: fc.Arbitrary<ServerRecord> = fc.record(
  {
    unsigned: mapOf(span),
    next: nextTurn,
    promotion: promotionTurn,
    keys: mapOf(keyMemory),
    quiet: mapOf(quietTurn),
    thefts: mapOf(theft),
  },
  { ...plain, requiredKeys: ["unsigned", "keys", "quiet", "thefts"] },
);

const clocksAt = (now: number, of: readonly string[] = ["cp-1", "cp-2"]): ServerClocks => ({
  now,
  times: new Map(of.map((name) => [name, now])),
});

describe("copies of the record on several servers are one", () => {
  const holds = (property: (a: ServerRecord, b: ServerRecord, c: ServerRecord) => void): void =>
    fc.assert(fc.property(record, record, record, property), { numRuns: runs(300) });

  test("in whatever order they are read, and however often", () => {
    holds((a, b, c) => {
      assert.deepEqual(unitedRecords(a, b), unitedRecords(b, a));
      assert.deepEqual(unitedRecords(unitedRecords(a, b), c), unitedRecords(a, unitedRecords(b, c)));
      assert.deepEqual(unitedRecords(a, a), a);
    });
  });

  test("and nothing that a server has is lost: no turn goes back, and what has ended stays ended", () => {
    holds((a, b) => {
      const both = unitedRecords(a, b);
      assert.deepEqual(unitedRecords(both, a), both);
      for (const [name, one] of a.unsigned) {
        const now = both.unsigned.get(name);
        assert.ok(now !== undefined && now.turn >= one.turn);
        if (now.turn === one.turn && !lasts(one)) assert.ok(!lasts(now));
      }
      for (const [name, { signs, distrusted }] of a.keys) {
        const now = both.keys.get(name);
        for (const server of signs.keys()) assert.ok(now?.signs.has(server));
        for (const server of distrusted.keys()) assert.ok(now?.distrusted.has(server));
      }
      for (const [one, now] of [
        [a.next, both.next],
        [a.promotion, both.promotion],
      ] as const) {
        assert.ok(one === undefined || (now !== undefined && now.turn >= one.turn));
        const about = (turn: typeof one): object => ({ ...turn, begun: 0, ended: 0 });
        if (isDeepStrictEqual(about(one), about(now)) && !lasts(one)) assert.ok(!lasts(now));
      }
      for (const [stolen, { way, tainted, proofs }] of a.thefts) {
        const now = both.thefts.get(stolen);
        // What was begun at once is never taken for something else.
        assert.ok(way !== "at-once" || now?.way === "at-once");
        for (const one of tainted.keys()) assert.ok(now?.tainted.has(one));
        for (const one of proofs.keys()) assert.ok(now?.proofs.has(one));
      }
    });
  });

  test("and the text that a server keeps is read back as it was", () => {
    fc.assert(
      fc.property(record, (one) => {
        const text = serverRecordText(one);
        assert.deepEqual(readServerRecord(text), { is: "record", record: one });
      }),
      { numRuns: runs(300) },
    );
  });
});

test("what is no record is told from one that a later podtrust wrote", () => {
  for (const text of ["", "{", "[]", "null", '{"version":"1"}'])
    assert.deepEqual(readServerRecord(text), { is: "damaged" }, text);
  assert.deepEqual(readServerRecord('{"version":2}'), { is: "later" });
  const hostile = '{"version":1,"unsigned":{"a":7,"b":{"turn":1,"begun":{"cp-1":"x"}}}}';
  const read = readServerRecord(hostile);
  assert.ok(read.is === "record");
  assert.deepEqual([...read.record.unsigned.keys()], ["b"]);
});

test("what of a record cannot be read is left out, and the rest is kept", () => {
  const begun = { "cp-1": start };
  const turn = { turn: 1, begun, ended: {} };
  const count = { turn: 1, count: 2, startedAt: 3, since: 4 };
  const text = JSON.stringify({
    version: 1,
    unsigned: { whole: turn, turnless: { begun }, turned: { ...turn, turn: 1.5 } },
    next: { ...turn, kid: 7 },
    promotion: { ...turn, kid: "new" },
    keys: { whole: { everywhere: turn, retired: 7, signs: begun }, none: 7 },
    quiet: { "cp-1": count, "cp-2": 7, "cp-3": { ...count, since: "x" } },
    thefts: { old: { way: "at-once", tainted: { old: "stolen", k: "?" } }, none: 7, wayless: {} },
  });
  const read = { turn: 1, begun: new Map([["cp-1", start]]), ended: new Map() };
  const rest: ServerRecord = {
    unsigned: new Map([["whole", read]]),
    keys: new Map([["whole", { everywhere: read, signs: read.begun, distrusted: new Map() }]]),
    quiet: new Map([["cp-1", count]]),
    thefts: new Map([
      [
        "old",
        {
          way: "at-once",
          tainted: new Map([["old", "stolen"]]),
          published: new Map(),
          proofs: new Map(),
          ended: new Map(),
        },
      ],
    ]),
  };
  assert.deepEqual(readServerRecord(text), { is: "record", record: rest });
});

describe("a moment is told by the clocks of the servers that saw it", () => {
  const seen: Moment = new Map([
    ["cp-1", start],
    // A clock that is an hour ahead, and was then.
    ["cp-2", start + hour],
  ]);

  test("however far these are from one another", () => {
    const times = new Map([
      ["cp-1", start + 5 * minute],
      ["cp-2", start + hour + 5 * minute],
    ]);
    assert.equal(timeOf(seen, { now: start + 5 * minute, times }), start);
  });

  test("and is no longer ago than any of them says, so that a clock that is set forward ends no wait", () => {
    const times = new Map([
      ["cp-1", start + 24 * hour],
      ["cp-2", start + hour + 5 * minute],
    ]);
    assert.equal(timeOf(seen, { now: start + 24 * hour, times }), start + 24 * hour - 5 * minute);
  });

  test("and by the one that is told by where none of those servers is there, from the last of them on", () => {
    const away = new Map([["cp-3", start]]);
    assert.equal(timeOf(seen, { now: start + 2 * hour, times: away }), start + hour);
  });

  test("and is not known where a clock has been set back behind it", () => {
    const times = new Map([["cp-1", start - hour]]);
    assert.equal(timeOf(seen, { now: start - hour, times }), undefined);
  });
});

describe("since when no API server signs as an issuer", () => {
  const [ours, old] = ["https://oidc.example.com", "https://old.example.com"];
  const look = (signing: readonly string[], now: number, before: ServerRecord): ServerRecord =>
    observedIssuers(before, { signing, known: [ours, old], since: clocksAt(now).times }, clocksAt(now));

  test("stays what was seen first, whatever is seen later and by whichever server", () => {
    const first = look([ours, ours], start, blankRecord);
    const later = look([ours, ours], start + hour, first);
    assert.deepEqual(later, first);
    assert.equal(unsignedSince(later, old, clocksAt(start + 2 * hour)), start);
    assert.equal(unsignedSince(later, old, clocksAt(start + 2 * hour, ["cp-2"])), start);
    assert.equal(unsignedSince(later, ours, clocksAt(start + 2 * hour)), undefined);
  });

  test("begins anew once it has signed again, or may have", () => {
    const first = look([ours], start, blankRecord);
    for (const between of [
      look([ours, old], start + hour, first),
      signedAs(first, old, clocksAt(start + hour)),
    ]) {
      // A server that was away has the copy of before, and its end wins.
      const both = unitedRecords(first, between);
      assert.equal(unsignedSince(both, old, clocksAt(start + hour)), undefined);
      const again = look([ours], start + 2 * hour, both);
      assert.equal(unsignedSince(again, old, clocksAt(start + 3 * hour)), start + 2 * hour);
    }
  });

  test("begins anew where the clocks were set back behind it", () => {
    const first = look([ours], start + 24 * hour, blankRecord);
    const again = look([ours], start, first);
    assert.equal(unsignedSince(again, old, clocksAt(start + hour)), start);
  });
});
