import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { settle, TestClock } from "../../../test/support/clock.ts";
import { rememberingLogger } from "../../../test/support/remembering-logger.ts";
import { defined } from "../../core/base/index.ts";
import { type Controller, ControllerRunner, type KeySource, followedAs, type Reconcile } from "./index.ts";

/** Something to follow whose keys the test gives. */
class Keys implements KeySource {
  synced = true;
  readonly #keys: Set<string>;
  readonly #listeners = new Set<(key: string) => void>();
  #sync: () => void = () => {};

  constructor(...keys: string[]) {
    this.#keys = new Set(keys);
  }

  async untilSynced(signal: AbortSignal): Promise<void> {
    if (this.synced) return;
    await new Promise<void>((resolve, reject) => {
      this.#sync = resolve;
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  }

  sync(): void {
    this.synced = true;
    this.#sync();
  }

  keys(): Iterable<string> {
    return this.#keys;
  }

  subscribe(changed: (key: string) => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  change(key: string): void {
    for (const listener of this.#listeners) listener(key);
  }

  get subscribers(): number {
    return this.#listeners.size;
  }
}

interface Bench {
  readonly runner: ControllerRunner;
  readonly clock: TestClock;
  readonly lines: readonly string[];
  readonly leading: { held: boolean };
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

function lead(
  follows: readonly KeySource[],
  reconcile: Controller["reconcile"],
  more: { readonly concurrency?: number; readonly limit?: number } = {},
): Bench {
  const clock = new TestClock();
  const { concurrency = 4, limit = 1000 } = more;
  const logger = rememberingLogger();
  const controller = { name: "test", follows, concurrency, reconcile };
  const runner = new ControllerRunner({ controller, clock, logger, limit });
  const leading = { held: true };
  const stop = new AbortController();
  const ended = runner.lead(leading, stop.signal);
  return { runner, clock, lines: logger.lines, leading, stop, ended };
}

const ending = new Error("the process ends");

describe("a controller", () => {
  test("nothing is reconciled before all that a controller follows was seen, and then every key that is there", async () => {
    const [first, second] = [new Keys("a/one"), new Keys("b/two", "a/one")];
    second.synced = false;
    const done: string[] = [];
    const bench = lead([first, second], async (key) => {
      done.push(key);
    });
    await settle();
    assert.deepEqual([done, bench.runner.status.working, bench.runner.status.synced], [[], false, false]);
    second.sync();
    await settle();
    assert.deepEqual(done.toSorted(), ["a/one", "b/two"]);
    first.change("c/three");
    await settle();
    assert.deepEqual(done.at(-1), "c/three");
    assert.deepEqual([bench.runner.status.working, bench.runner.status.done], [true, 3]);
    bench.stop.abort(ending);
    await bench.ended;
    assert.deepEqual([first.subscribers, bench.runner.status.working, bench.clock.sleeping], [0, false, 0]);
  });

  test("a failure is said with its key and tried again, and forgotten once it succeeds", async () => {
    let good = false;
    const bench = lead([new Keys("a/x")], async () => {
      if (!good) throw new Error("the cloud says no");
    });
    await bench.clock.advance(60_000);
    const { failing, failures, failed } = bench.runner.status;
    assert.deepEqual([failing, failures.length, failures[0]?.key], [1, 1, "a/x"]);
    assert.equal(failures[0]?.times, failed);
    assert.ok(failed >= 5 && failed < 12, `${failed} times`);
    assert.equal(bench.lines.filter((line) => line.includes("the cloud says no")).length, 1);
    good = true;
    await bench.clock.advance(300_000);
    assert.deepEqual([bench.runner.status.failing, bench.runner.status.failures], [0, []]);
    bench.stop.abort(ending);
    await bench.ended;
  });

  test("a reconcile that lost the lease may not write, and one that is to end is waited for", async () => {
    const runs: Reconcile[] = [];
    const gate = Promise.withResolvers<void>();
    const bench = lead([new Keys("a/x")], async (_key, run) => {
      runs.push(run);
      await gate.promise;
      run.signal.throwIfAborted();
    });
    await settle();
    assert.doesNotThrow(() => runs[0]?.assertHeld());
    bench.leading.held = false;
    assert.throws(() => runs[0]?.assertHeld(), { code: "interrupted" });
    let over = false;
    const ended = bench.ended.then(() => (over = true));
    bench.stop.abort(ending);
    await settle();
    assert.deepEqual([runs[0]?.signal.aborted, over], [true, false]);
    gate.resolve();
    await ended;
    assert.deepEqual(bench.lines, [], "an end is no failure");
  });

  test("a reconcile that hangs is aborted after two minutes, and others continue meanwhile", async () => {
    const done: string[] = [];
    const bench = lead([new Keys("a/hangs", "a/runs")], async (key, { signal }) => {
      if (key === "a/runs") done.push(key);
      else
        await new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason as Error)),
        );
    });
    await settle();
    assert.deepEqual(done, ["a/runs"]);
    await bench.clock.advance(120_000);
    assert.match(bench.runner.status.failures[0]?.message ?? "", /longer than two minutes/u);
    bench.stop.abort(ending);
    await bench.ended;
  });

  test("keys that found no room in the queue are looked at all the same", async () => {
    const names = Array.from({ length: 25 }, (_, index) => `n${index}/x`);
    const done = new Set<string>();
    const bench = lead(
      [new Keys(...names)],
      async (key) => {
        done.add(key);
      },
      { limit: 3 },
    );
    await settle(50);
    assert.equal(done.size, 25);
    assert.equal(bench.runner.status.done, 25, "each once");
    bench.stop.abort(ending);
    await bench.ended;
  });

  test("what a key asks for and does not have is counted by its reason, until it has it or the term ends", async () => {
    const keys = new Keys("a/x", "a/y", "a/z");
    const reasons = new Map([
      ["a/x", "NotGranted"],
      ["a/y", "NotGranted"],
      ["a/z", "AwsUnavailable"],
    ]);
    const bench = lead([keys], (key) => {
      const unmet = reasons.get(key);
      return Promise.resolve(defined({ unmet }));
    });
    await settle();
    assert.deepEqual(bench.runner.status.unmet, { NotGranted: 2, AwsUnavailable: 1 });
    reasons.delete("a/x");
    reasons.set("a/z", "NotGranted");
    for (const key of ["a/x", "a/z"]) keys.change(key);
    await settle();
    assert.deepEqual(bench.runner.status.unmet, { NotGranted: 2 });
    bench.stop.abort(ending);
    await bench.ended;
    assert.deepEqual(bench.runner.status.unmet, {});
  });

  test("a term begins with every key anew, whatever the one before left undone", async () => {
    const keys = new Keys("a/x", "b/y");
    const seen: string[] = [];
    const bench = lead([keys], async (key) => {
      seen.push(key);
      throw new Error("not yet");
    });
    await settle();
    bench.stop.abort(ending);
    await bench.ended;
    assert.deepEqual(bench.runner.status.failures, []);
    const again = new AbortController();
    const second = bench.runner.lead({ held: true }, again.signal);
    await settle();
    assert.deepEqual(seen.toSorted(), ["a/x", "a/x", "b/y", "b/y"]);
    again.abort(ending);
    await second;
  });
});

test("what follows objects for other keys has the changes of those, is synced with them, and has no keys by default", async () => {
  const listeners = new Set<(key: string) => void>();
  const source = {
    synced: false,
    untilSynced: () => Promise.resolve(),
    subscribe(changed: (key: string) => void) {
      listeners.add(changed);
      return () => void listeners.delete(changed);
    },
  };
  const followed = followedAs(source, (key) => (key === "none" ? [] : [`${key}/a`, `${key}/b`]));
  assert.deepEqual([followed.synced, [...followed.keys()]], [false, []]);
  source.synced = true;
  assert.equal(followed.synced, true);
  await followed.untilSynced(new AbortController().signal);
  const seen: string[] = [];
  const end = followed.subscribe((key) => seen.push(key));
  for (const key of ["x", "none", "y"]) listeners.forEach((changed) => changed(key));
  assert.deepEqual(seen, ["x/a", "x/b", "y/a", "y/b"]);
  end();
  assert.equal(listeners.size, 0);
  assert.deepEqual(
    [
      ...followedAs(
        source,
        () => [],
        () => ["one"],
      ).keys(),
    ],
    ["one"],
  );
});
