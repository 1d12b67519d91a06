import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryRecord } from "../../../test/support/memory-record.ts";
import type { TheftProgress } from "../../rules/rotation/index.ts";
import { type RecordServer, TheftsRecord } from "./index.ts";

const { signal } = new AbortController();
const begun: TheftProgress = {
  stolen: "old",
  way: "at-once",
  tainted: [{ kid: "old", why: "stolen" }],
  servers: {},
};

interface KeptServer extends RecordServer {
  readonly record: MemoryRecord;
}

const server = (name: string): KeptServer => ({ name, record: new MemoryRecord(() => 1000) });

describe("how far the answer to a theft has come", () => {
  test("is known to any machine, from whichever servers it reaches", async () => {
    const [a, b] = [server("a"), server("b")];
    await new TheftsRecord([a, b]).keep({ ...begun, fresh: "new" }, signal);
    a.record.isAway = true;
    const { thefts, notes } = await new TheftsRecord([a, b]).read(signal);
    assert.deepEqual(thefts, [{ ...begun, fresh: "new" }]);
    assert.match(notes.join(), /^a: no route/u);
    // What b gets now is united with what a has.
    await new TheftsRecord([a, b]).keep({ ...begun, servers: { b: "files" } }, signal);
    a.record.isAway = false;
    const both = await new TheftsRecord([a, b]).read(signal);
    assert.deepEqual(both.thefts, [{ ...begun, fresh: "new", servers: { b: "files" } }]);
  });

  test("is kept where one disk is full, and said to be remembered nowhere where all are", async () => {
    const [a, b] = [server("a"), server("b")];
    a.record.isFull = true;
    assert.deepEqual(await new TheftsRecord([a, b]).keep(begun, signal), begun);
    b.record.empty();
    b.record.isFull = true;
    await assert.rejects(new TheftsRecord([a, b]).keep(begun, signal), {
      code: "rotation-record",
      message: /remembered nowhere: a: .*; b: /u,
    });
    a.record.isAway = b.record.isAway = true;
    await assert.rejects(new TheftsRecord([a, b]).keep(begun, signal), { code: "rotation-record" });
    assert.deepEqual((await new TheftsRecord([a, b]).read(signal)).thefts, []);
  });

  test("is one for two runs at once: nothing that either wrote is lost, and one fresh key holds for both", async () => {
    const [a, b] = [server("a"), server("b")];
    const write = a.record.write.bind(a.record);
    // Another run writes between this one's reading and its writing.
    a.record.write = async (text, over) => {
      a.record.write = write;
      await new TheftsRecord([a, b]).keep({ ...begun, fresh: "k1", servers: { a: "tokens" } }, signal);
      return write(text, over);
    };
    const kept = await new TheftsRecord([a, b]).keep({ ...begun, fresh: "k2" }, signal);
    assert.deepEqual(kept, { ...begun, fresh: "k1", servers: { a: "tokens" } });
    assert.deepEqual((await new TheftsRecord([b]).read(signal)).thefts, [kept]);
  });
});
