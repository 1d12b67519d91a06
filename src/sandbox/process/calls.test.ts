import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runInNewContext } from "node:vm";
import { PodtrustError } from "../../core/base/index.ts";
import { type Ask, Calls, type Message } from "./calls.ts";

/** What the other side has; each test adds its own. */
type Table = Record<string, (...given: never[]) => unknown>;

/** Two sides, each of whose messages is cloned on its way, as IPC does. */
function pair<Theirs>(theirs: Theirs & object): { calls: Calls<Theirs>; other: Calls<Table> } {
  const send = (to: () => { hear(message: Message): void }) => (message: Message) => {
    const carried = structuredClone(message);
    setImmediate(() => to().hear(carried));
  };
  const calls: Calls<Theirs> = new Calls(send(() => other));
  const other = new Calls<Table>(send(() => calls));
  other.serve(theirs);
  return { calls, other };
}

/** What a call of the other side that throws this is rejected with. */
async function rejection(error: unknown): Promise<Error> {
  const { calls } = pair({
    fail: () => {
      throw error;
    },
  });
  return calls.ask("fail").then(
    () => assert.fail("it was not rejected"),
    (thrown: Error) => thrown,
  );
}

describe("calls between two processes", () => {
  test("give what the other side's function gives, or promises, for what it was given, undefined included", async () => {
    const { calls } = pair({
      sum: (one: number, two: number) => one + two,
      late: (text: string | undefined) => Promise.resolve({ text }),
    });
    assert.deepEqual(
      await Promise.all([calls.ask("sum", 1, 2), calls.ask("late", "x"), calls.ask("late", undefined)]),
      [3, { text: "x" }, { text: undefined }],
    );
  });

  test("go both ways, also while one waits for the other", async () => {
    const { calls, other } = pair({
      name: async (id: number): Promise<string> => `Ms ${String(await other.ask("surname", id as never))}`,
    });
    calls.serve({ surname: (id: number) => `Number ${id}` });
    assert.equal(await calls.ask("name", 7), "Ms Number 7");
  });

  test("are rejected with a PodtrustError that has the code, sentence, next step and detail of the one thrown", async () => {
    const error = new PodtrustError("usage", "no", { next: "Do.", detail: { key: "port", values: [1] } });
    const thrown = await rejection(error);
    assert.ok(thrown instanceof PodtrustError);
    assert.deepEqual(thrown.toJSON(), error.toJSON());
  });

  test("are rejected with a TypeError for a TypeError, and with a plain error that says all for any other", async () => {
    const thrown = await Promise.all([
      rejection(new TypeError("no such kid")),
      rejection(new RangeError("outer", { cause: new Error("inner") })),
      rejection("a text"),
    ]);
    assert.deepEqual(
      thrown.map((error) => [error.constructor, error.message]),
      [
        [TypeError, "no such kid"],
        [Error, "outer: inner"],
        [Error, "a text"],
      ],
    );
  });

  test("are rejected with an error whose stack leads to the caller", async () => {
    const asksHere = async (ask: Ask<{ fail(): void }>): Promise<void> => {
      await ask("fail");
    };
    const { calls } = pair({
      fail: () => {
        throw new Error("x");
      },
    });
    await assert.rejects(asksHere(calls.ask), (error: Error) => /asksHere/u.test(error.stack ?? ""));
  });

  test("refuse a code that this version does not know, and a call that there is not", async () => {
    const unknown = new PodtrustError("usage", "x");
    Object.defineProperty(unknown, "code", { value: "of-another-version" });
    assert.match((await rejection(unknown)).message, /another version of podtrust/u);
    const { calls } = pair<{ absent?(): void }>({});
    await assert.rejects(calls.ask("absent" as never), /^TypeError: there is no call absent$/u);
  });

  test("are refused with an error of usage that names the call where a function is among what is given", async () => {
    const { calls } = pair({ take: (given: object) => given });
    await assert.rejects(calls.ask("take", { f: () => undefined }), (error: Error) => {
      assert.ok(error instanceof PodtrustError && error.code === "usage");
      assert.match(error.message, /^take was given what no other process can be given: /u);
      return true;
    });
  });

  test("are rejected where what they give cannot be carried", async () => {
    const { calls } = pair({ give: () => ({ f: () => undefined }) });
    await assert.rejects(calls.ask("give"), /could not be cloned/u);
  });

  test("are rejected once the other side is gone, those that wait and those that come", async () => {
    const { calls } = pair({ wait: () => new Promise<void>(() => undefined) });
    const waiting = calls.ask("wait");
    calls.end(() => new PodtrustError("sandbox-process-ended", "gone"));
    for (const one of [waiting, calls.ask("wait")])
      await assert.rejects(one, { code: "sandbox-process-ended", message: "gone" });
  });

  test("give lists and objects of this side's own classes, whatever classes the message was made of", async () => {
    const calls = new Calls<{ list(): unknown }>(() => undefined);
    const asked = calls.ask("list");
    const value: unknown = runInNewContext("[{ names: ['a'], at: new Date(0) }]");
    assert.notDeepEqual(value, [{ names: ["a"], at: new Date(0) }]);
    calls.hear({ id: 1, value });
    const [given] = (await asked) as [{ names: unknown; at: Date }];
    assert.deepEqual(given.names, ["a"]);
    assert.equal(given.at.toISOString(), "1970-01-01T00:00:00.000Z", "what is no plain data stays");
  });
});
