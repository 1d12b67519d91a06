import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  preparedFacts,
  rotationFacts,
  second,
  serverWith,
  start,
} from "../../../test/support/rotation-facts.ts";
import {
  emptyRecord,
  isSealed,
  type KeyRecord,
  observe,
  parseRecord,
  parseShownRecord,
  recordEnd,
  recordNext,
  recordPromotion,
  recordWithdrawal,
  rememberedOf,
  shownRecordText,
} from "./index.ts";

describe("what a rotation remembers", () => {
  test("reads the record that it wrote, and takes nothing else for one", () => {
    const record = {
      version: 1,
      next: "new",
      before: "old",
      keys: [{ kid: "new", everywhereSince: 5 }],
      quiet: [{ server: "a", count: 1, startedAt: 2, since: 3 }],
    } as const;
    assert.deepEqual(parseRecord(JSON.stringify(record)), record);
    for (const other of ["", "[]", "{}", '{"version":2}']) assert.equal(parseRecord(other), undefined);
  });

  test("keeps the encrypted half of the next key, until that signs everywhere or is given up", () => {
    const sealed = { publicKey: "PEM", file: "AAAA" };
    const record = recordNext(emptyRecord, "new", sealed);
    assert.deepEqual(parseRecord(JSON.stringify(record)), record);
    assert.deepEqual([isSealed(record, "new"), isSealed(record, "old")], [true, false]);
    assert.deepEqual(observe(preparedFacts(0, { record })).sealed, sealed);
    const servers = ["a", "b"].map((name) => serverWith(name, ["new", "old"]));
    assert.equal(observe(rotationFacts({ servers, record })).sealed, undefined);
    assert.equal(recordEnd(record, "new").sealed, undefined);
    assert.equal(recordNext(record, "other").sealed, undefined);
    const large = { ...record, sealed: { publicKey: "x", file: "x".repeat(30_000) } };
    for (const other of [large, { ...record, sealed: 1 }, { ...record, sealed: { file: "AAAA" } }])
      assert.equal(parseRecord(JSON.stringify(other))?.sealed, undefined);
  });

  test("shows to others what it knows without the encrypted half, which no podtrust takes for a record of its own", () => {
    const record = recordPromotion(recordNext(emptyRecord, "new"), { next: "new", before: "old" }, 5);
    const text = shownRecordText({ ...record, sealed: { publicKey: "PEM", file: "AAAA" } });
    assert.deepEqual(parseShownRecord(text), record);
    assert.equal(parseRecord(text), undefined);
    const withdrawn = recordWithdrawal(record, "old", 9);
    assert.deepEqual(parseShownRecord(shownRecordText(withdrawn)), withdrawn);
    // What a podtrust of before kept in the same place is shown too.
    assert.deepEqual(parseShownRecord(JSON.stringify(record)), record);
    for (const other of ["", "[]", '{"version":3}']) assert.equal(parseShownRecord(other), undefined);
  });

  test("leaves out of a record what is no key, no time and no count", () => {
    const text = JSON.stringify({
      version: 1,
      next: 7,
      keys: [1, {}, { kid: "a", retiredAt: "x", signsSince: 1.5 }],
      quiet: [
        { server: "a" },
        { count: 1 },
        { server: "a", count: 1 },
        { server: "a", count: 1, startedAt: 1 },
      ],
    });
    assert.deepEqual(parseRecord(text), { version: 1, keys: [{ kid: "a" }], quiet: [] });
    assert.deepEqual(parseRecord('{"version":1,"keys":3}'), emptyRecord);
  });

  test("counts a key as everywhere from the first look on that missed it nowhere", () => {
    const facts = rotationFacts({ record: recordNext(emptyRecord, "new") });
    assert.equal(rememberedOf(observe(facts), "new").everywhereSince, undefined);
    const there = preparedFacts(0, { record: observe(facts) });
    const record = observe(there);
    assert.equal(rememberedOf(record, "new").everywhereSince, start);
    const later = observe({ ...there, record, now: start + second });
    assert.equal(rememberedOf(later, "new").everywhereSince, start);
  });

  test("begins to count anew when one API server or one family of addresses lacks the key", () => {
    const facts = preparedFacts(1);
    const servers = [facts.servers.slice(0, 1), [serverWith("b", ["old"])]].flat();
    assert.equal(rememberedOf(observe({ ...facts, servers }), "new").everywhereSince, undefined);
    const published = [{ where: "over IPv6", kids: ["old"] }] as const;
    assert.equal(rememberedOf(observe({ ...facts, published }), "new").everywhereSince, undefined);
  });

  test("neither begins nor ends counting by a look that some server did not answer, or that saw nothing published", () => {
    const facts = preparedFacts(1);
    const silent = { unanswered: [{ name: "b", why: "x" }], servers: facts.servers.slice(0, 1) };
    assert.equal(rememberedOf(observe({ ...facts, ...silent }), "new").everywhereSince, 1);
    assert.equal(rememberedOf(observe({ ...facts, published: [] }), "new").everywhereSince, 1);
    const unread = [...facts.published, { where: "at Google project shop", kids: undefined }];
    assert.equal(rememberedOf(observe({ ...facts, published: unread }), "new").everywhereSince, 1);
    assert.equal(rememberedOf(observe({ ...facts, servers: [] }), "new").everywhereSince, 1);
  });

  test("takes a key for retired at the first look at which no server signs with it, and not while one is silent", () => {
    const servers = ["a", "b"].map((name) => serverWith(name, ["new", "old"]));
    const facts = rotationFacts({ servers, record: { ...emptyRecord, next: "new", before: "old" } });
    const silent = { ...facts, servers: servers.slice(0, 1), unanswered: [{ name: "b", why: "x" }] };
    assert.equal(rememberedOf(observe(silent), "old").retiredAt, undefined);
    assert.equal(observe(silent).next, "new");
    const record = observe(facts);
    assert.equal(rememberedOf(record, "old").retiredAt, start);
    assert.equal(rememberedOf(record, "new").signsSince, start);
    assert.equal(record.next, undefined);
    assert.equal(record.before, "old");
    const back = observe({ ...rotationFacts(), record });
    assert.equal(rememberedOf(back, "old").retiredAt, undefined);
  });

  test("does not take a key for retired that no server was ever seen to sign with", () => {
    const servers = [serverWith("a", ["new", "old"], { signs: undefined })];
    assert.equal(rememberedOf(observe(rotationFacts({ servers })), "old").retiredAt, undefined);
  });

  test("counts the quiet of stale tokens anew when the count, or the server's start, is another", () => {
    const quietFrom = (count: number, startedAt: number): number | undefined => {
      const record = { ...emptyRecord, quiet: [{ server: "a", count: 3, startedAt: 7, since: 9 }] };
      const servers = [serverWith("a", ["old"], { stale: { count, startedAt } })];
      return observe(rotationFacts({ servers, record })).quiet[0]?.since;
    };
    assert.equal(quietFrom(3, 7), 9);
    assert.equal(quietFrom(4, 7), start);
    assert.equal(quietFrom(3, 8), start);
    const servers = [serverWith("a", ["old"], { stale: undefined })];
    assert.deepEqual(observe(rotationFacts({ servers })).quiet, []);
  });

  test("notes a promotion once, before it begins, and forgets it when it is over", () => {
    const record = recordPromotion(recordNext(emptyRecord, "new"), { next: "new", before: "old" }, 5);
    assert.deepEqual(record, {
      ...emptyRecord,
      next: "new",
      before: "old",
      keys: [{ kid: "new", signsSince: 5 }],
    });
    assert.equal(recordPromotion(record, { next: "new", before: "new" }, 6), record);
    assert.deepEqual(recordEnd(record, "old").before, undefined);
    const spare = { ...emptyRecord, next: "newer", before: "old" };
    assert.deepEqual(recordEnd(spare, "newer"), { ...emptyRecord, before: "old" });
    const gone = (kid: string): KeyRecord => ({ kid, distrustedAt: 9 });
    assert.deepEqual(recordWithdrawal(spare, "old", 9), {
      ...emptyRecord,
      next: "newer",
      keys: [gone("old")],
    });
    assert.deepEqual(recordWithdrawal(spare, "older", 9), { ...spare, keys: [gone("older")] });
    const again = recordWithdrawal(recordWithdrawal(emptyRecord, "older", 9), "older", 10);
    assert.deepEqual(again, { ...emptyRecord, keys: [gone("older")] });
  });
});
