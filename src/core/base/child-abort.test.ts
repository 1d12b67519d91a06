import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, test } from "node:test";
import { ChildAbort } from "./child-abort.ts";

describe("what is short within what is long", () => {
  test("is aborted with its parent, also with one that was aborted before, for the same reason", () => {
    const parent = new AbortController();
    const child = new ChildAbort(parent.signal);
    assert.equal(child.signal.aborted, false);
    const reason = new Error("it is over");
    parent.abort(reason);
    assert.equal(child.signal.reason, reason);
    assert.equal(new ChildAbort(parent.signal).signal.reason, reason);
  });

  test("is aborted with the first of several parents, and leaves no trace in any of them once it is released", () => {
    const [long, longer] = [new AbortController(), new AbortController()];
    const child = new ChildAbort(long.signal, longer.signal);
    const released = new ChildAbort(long.signal, longer.signal);
    released.release();
    const reason = new Error("the second is over");
    longer.abort(reason);
    assert.equal(child.signal.reason, reason);
    assert.equal(released.signal.aborted, false);
    assert.equal(new ChildAbort(long.signal, longer.signal).signal.reason, reason);
    child.release();
    assert.equal(getEventListeners(long.signal, "abort").length, 0);
  });

  test("is aborted by itself without its parent, and leaves no trace in it once it is released", () => {
    const parent = new AbortController();
    const child = new ChildAbort(parent.signal);
    child.abort(new Error("it took too long"));
    assert.deepEqual([child.signal.aborted, parent.signal.aborted], [true, false]);
    assert.equal(getEventListeners(parent.signal, "abort").length, 1);
    child.release();
    assert.equal(getEventListeners(parent.signal, "abort").length, 0);
    parent.abort(new Error("it is over"));
    assert.match(String(child.signal.reason), /took too long/u);
  });
});
