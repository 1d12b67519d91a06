import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hour, minute, serverWith, start } from "../../../test/support/rotation-facts.ts";
import {
  blankRecord,
  checkedEarlier,
  emptyRecord,
  type NextHalf,
  recordedChanges,
  recordNext,
  recordPromotion,
  recordWithdrawal,
  rememberedOf,
  type RotationRecord,
  rotationRecordOf,
  type ServerClocks,
  type ServerRecord,
} from "./index.ts";

const clocksAt = (now: number, of: readonly string[] = ["a", "b"]): ServerClocks => ({
  now,
  times: new Map(of.map((name) => [name, now])),
});
const halvesOf = (...halves: readonly NextHalf[]): ReadonlyMap<string, NextHalf> =>
  new Map(halves.map((half) => [half.kid, half]));
const half = { kid: "new", publicKey: "PEM" };
const noHalf = halvesOf();

/** What the servers remember once a record is written on what they remembered, with the half of `new` at hand. */
const written = (before: ServerRecord, after: RotationRecord, clocks = clocksAt(start)): ServerRecord =>
  recordedChanges(before, { before: rotationRecordOf(before, clocks, halvesOf(half)), after }, clocks);
const prepared = recordNext(emptyRecord, "new");
const promoted = recordPromotion(prepared, { next: "new", before: "old" }, start);

describe("what the servers remember of a rotation", () => {
  test("is the record that was written, and later the same one by whichever server is there", () => {
    const servers = written(blankRecord, promoted);
    for (const clocks of [clocksAt(start), clocksAt(start + hour), clocksAt(start + hour, ["b"])])
      assert.deepEqual(rotationRecordOf(servers, clocks, halvesOf(half)), promoted);
  });

  test("names a next key only where a server holds its public half, and its file where no machine has the other", () => {
    const servers = written(blankRecord, prepared);
    assert.equal(rotationRecordOf(servers, clocksAt(start), noHalf).next, undefined);
    const { next, sealed } = rotationRecordOf(servers, clocksAt(start), halvesOf({ ...half, file: "YWdl" }));
    assert.deepEqual({ next, sealed }, { next: "new", sealed: { publicKey: "PEM", file: "YWdl" } });
    // Of that key itself nothing need be remembered.
    const bare = { ...servers, keys: new Map() };
    assert.equal(rotationRecordOf(bare, clocksAt(start), halvesOf(half)).next, "new");
  });

  test("names no distrusted key as the next one, or as the one to go back to", () => {
    for (const kid of ["new", "old"]) {
      const servers = written(blankRecord, promoted);
      const { keys } = written(servers, recordWithdrawal(promoted, kid, start));
      // The withdrawal alone is known, as where another run went on with the rotation meanwhile.
      const record = rotationRecordOf({ ...servers, keys }, clocksAt(start), halvesOf(half));
      const named = { new: record.next, old: record.before };
      assert.deepEqual(named, { new: "new", old: "old", [kid]: undefined });
    }
  });

  test("holds that a key has signed where the clock that says when was set back", () => {
    const servers = written(blankRecord, promoted);
    const before = clocksAt(start - 24 * hour);
    const record = rotationRecordOf(servers, before, halvesOf(half));
    assert.equal(rememberedOf(record, "new").signsSince, before.now);
  });

  test("ends with a next key that is given up and a promotion that is over, and begins with others", () => {
    const over = written(written(blankRecord, promoted), emptyRecord, clocksAt(start + hour));
    const { next, before } = rotationRecordOf(over, clocksAt(start + hour), halvesOf(half));
    assert.deepEqual([next, before], [undefined, undefined]);
    const again = written(over, promoted, clocksAt(start + 2 * hour));
    const record = rotationRecordOf(again, clocksAt(start + 2 * hour), halvesOf(half));
    assert.deepEqual([record.next, record.before], ["new", "old"]);
  });

  test("keeps a way back also where no key is to come", () => {
    const servers = written(blankRecord, { ...emptyRecord, before: "old" });
    const record = rotationRecordOf(servers, clocksAt(start), noHalf);
    assert.deepEqual([record.next, record.before], [undefined, "old"]);
  });
});

describe("how long a server's stale tokens have been quiet", () => {
  const quiet = [{ server: "a", count: 3, startedAt: 7, since: start }];
  const counted = written(blankRecord, { ...emptyRecord, quiet });
  const quietBy = (clocks: ServerClocks, servers = counted): RotationRecord["quiet"] =>
    rotationRecordOf(servers, clocks, noHalf).quiet;

  test("is told by its own clock: not while it is away, and not where that was set back", () => {
    assert.deepEqual(quietBy(clocksAt(start + hour)), quiet);
    assert.deepEqual(quietBy(clocksAt(start + hour, ["b"])), []);
    assert.deepEqual(quietBy(clocksAt(start - hour)), []);
  });

  test("begins anew after a look at which its counter could not be read, and for none that was never read", () => {
    const unread = written(counted, emptyRecord, clocksAt(start + hour));
    const since = start + hour;
    assert.deepEqual(quietBy(clocksAt(start + 2 * hour), unread), [{ ...quiet[0], since }]);
    assert.deepEqual([...unread.quiet.keys()], ["a"]);
  });

  test("goes on while the count stands", () => {
    const later = clocksAt(start + minute);
    assert.deepEqual(written(counted, { ...emptyRecord, quiet }, later), counted);
  });
});

describe("of a record that anybody may have written into the cluster counts", () => {
  const [a, b] = [serverWith("a", ["old", "new"]), serverWith("b", ["old", "new"])];
  const verifying = ["a", "b"].map((name) =>
    serverWith(name, ["old", "new"], {
      files: { verify: ["old", "new"], signing: "old", privates: ["old"] },
    }),
  );
  const sealed = { publicKey: "PEM", file: "YWdl" };

  test("the next key that a machine has, and an encrypted one that every server verifies", () => {
    assert.equal(checkedEarlier(prepared, [a, b]).next, "new");
    assert.equal(checkedEarlier(prepared, verifying).next, undefined);
    const encrypted = recordNext(emptyRecord, "new", sealed);
    const { next, sealed: file } = checkedEarlier(encrypted, verifying);
    assert.deepEqual([next, file], ["new", sealed]);
    const unknown = checkedEarlier(encrypted, [a, serverWith("b", ["old"])]);
    assert.deepEqual([unknown.next, unknown.sealed], [undefined, undefined]);
  });

  test("the key to go back to that a machine has and every server verifies", () => {
    assert.equal(checkedEarlier(promoted, [a, b]).before, "old");
    assert.equal(checkedEarlier(promoted, [a, serverWith("b", ["new"])]).before, undefined);
    assert.equal(checkedEarlier(promoted, [serverWith("a", ["new"])]).before, undefined);
    assert.equal(checkedEarlier(emptyRecord, [a, b]).before, undefined);
  });

  test("what it says of keys that a server has, without a wait that has begun", () => {
    const kids = ["old", "new", "foreign"];
    const keys = kids.map((kid) => ({
      kid,
      signsSince: 1,
      everywhereSince: 2,
      retiredAt: 3,
      distrustedAt: 4,
    }));
    assert.deepEqual(checkedEarlier({ ...emptyRecord, keys }, verifying).keys, [
      { kid: "old", signsSince: 1 },
      { kid: "new", signsSince: 1 },
    ]);
  });
});
