import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { TestClock } from "../../../test/support/clock.ts";
import { stepUntil } from "../../../test/support/steps.ts";
import { until } from "../../../test/support/until.ts";
import { PodtrustError } from "../base/index.ts";
import { StateFolder } from "./index.ts";
import { freshness } from "./lock.ts";
import { isDead, type LockOwner, ownPlace } from "./lock-owner.ts";

const folders: string[] = [];
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "podtrust-lock-"));
  folders.push(made);
  return join(made, "state");
}
/** A lock file as another process left it. */
function leaveLock(directory: string, content: object | string): string {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, "job");
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

function deadPid(): number {
  return spawnSync(process.execPath, ["-e", ""]).pid;
}

describe("a lock on a file", () => {
  after(() => {
    for (const one of folders) rmSync(one, { recursive: true, force: true });
  });

  test("the lock of a dead process is taken over at once", async () => {
    const directory = folder();
    leaveLock(directory, { id: "theirs", pid: deadPid(), place: ownPlace });
    const clock = new TestClock();
    const lock = await new StateFolder(directory).lock("job", { clock });
    assert.equal(lock.lost.aborted, false);
    await lock.release();
    assert.deepEqual(readdirSync(directory), []);
  });

  test("a lock with our own pid that we do not hold is of a predecessor: taken over at once", async () => {
    const directory = folder();
    leaveLock(directory, { id: "before", pid: process.pid, place: ownPlace });
    await (await new StateFolder(directory).lock("job", { clock: new TestClock() })).release();
  });

  test("whether a process of another machine lives cannot be known from here", () => {
    assert.equal(isDead({ id: "x", pid: deadPid(), place: "elsewhere" }), false);
    assert.equal(isDead({ id: "x", pid: process.ppid, place: ownPlace }), false);
    assert.equal(isDead({ id: "x", pid: deadPid(), place: ownPlace }), true);
  });

  /** Moves the clock in steps, each once who waits for the lock has looked at the file and sleeps, until `done` or too late. */
  async function untilDone(clock: TestClock, done: () => boolean, limit: number): Promise<void> {
    const end = clock.now() + limit;
    for (;;) {
      await until("the file was looked at", () => done() || clock.sleeping > 0, { everyMs: 1 });
      if (done() || clock.now() >= end) return;
      await clock.advance(500);
    }
  }

  test("a lock without a sign of life for twice its interval is taken over, also one that cannot be read", async () => {
    for (const content of [{ id: "far", pid: 1, place: "elsewhere" }, "nonsense"]) {
      const directory = folder();
      leaveLock(directory, content);
      const clock = new TestClock();
      const start = clock.now();
      let had = 0;
      const taking = new StateFolder(directory).lock("job", { clock }).then((lock) => {
        had = clock.now();
        return lock;
      });
      await stepUntil(clock, () => had > 0, { step: 500 });
      assert.ok(had - start > 2 * freshness && had - start < 10 * freshness, `${had - start} ms`);
      await (await taking).release();
    }
  });

  test("a taking over that was cut off is in the way until it is old, and no longer", async () => {
    const directory = folder();
    leaveLock(directory, { id: "dead", pid: deadPid(), place: ownPlace });
    const clock = new TestClock();
    const begin = clock.now();
    const claim = `${join(directory, "job")}.takeover`;
    writeFileSync(claim, "");
    utimesSync(claim, begin / 1000, begin / 1000);
    let had = 0;
    const taking = new StateFolder(directory).lock("job", { clock }).then((lock) => {
      had = clock.now();
      return lock;
    });
    await stepUntil(clock, () => had > 0, { step: 500 });
    assert.ok(had - begin > 2 * freshness, `${had - begin} ms`);
    await (await taking).release();
    assert.deepEqual(readdirSync(directory), []);
  });

  test("a lock whose holder shows life is waited for, however long, whatever the clocks say", async () => {
    const directory = folder();
    const file = leaveLock(directory, { id: "far", pid: 1, place: "elsewhere" });
    const clock = new TestClock();
    let had = false;
    const giveUp = new AbortController();
    const taking = new StateFolder(directory)
      .lock("job", { clock, signal: giveUp.signal })
      .then(() => (had = true))
      .catch(() => false);
    for (let beat = 1; beat < 12; beat += 1) {
      // Their clock is an hour behind ours; what counts is that it moves.
      const theirs = clock.now() / 1000 - 3600 + beat;
      utimesSync(file, theirs, theirs);
      await untilDone(clock, () => had, freshness);
    }
    assert.equal(had, false);
    giveUp.abort(new Error("enough"));
    assert.equal(await taking, false);
  });

  for (const [words, jump] of [
    ["back", -3_600_000],
    ["forth", 3_600_000],
  ] as const) {
    test(`how long a lock showed no life is not counted by the time of day: an hour ${words}`, async () => {
      const directory = folder();
      const file = leaveLock(directory, { id: "far", pid: 1, place: "elsewhere" });
      const clock = new TestClock();
      const giveUp = new AbortController();
      let had = 0;
      const taking = new StateFolder(directory).lock("job", { clock, signal: giveUp.signal }).then((lock) => {
        had = clock.elapsed();
        return lock;
      });
      taking.catch(() => {});
      await untilDone(clock, () => false, freshness / 2);
      const seen = clock.elapsed();
      utimesSync(file, 1, 1);
      await untilDone(clock, () => false, freshness / 2);
      clock.jump(jump);
      await untilDone(clock, () => had > 0, freshness / 2);
      assert.equal(had, 0);
      await untilDone(clock, () => had > 0, 8 * freshness);
      giveUp.abort(new Error("enough"));
      assert.ok(had - seen > 2 * freshness, `${had - seen} ms`);
      await (await taking).release();
    });
  }

  test("the holder of a lock shows life, and hears when it was lost", async () => {
    const directory = folder();
    const clock = new TestClock();
    const lock = await new StateFolder(directory).lock("job", { clock });
    const file = join(directory, "job");
    const before = statSync(file).mtimeMs;
    await stepUntil(clock, () => statSync(file).mtimeMs > before);
    assert.ok(statSync(file).mtimeMs - before >= freshness - 1);
    rmSync(file);
    writeFileSync(file, JSON.stringify({ id: "thief", pid: 1, place: "elsewhere" }));
    await stepUntil(clock, () => lock.lost.aborted);
    assert.equal(lock.lost.aborted, true);
    await lock.release();
    assert.match(readFileSync(file, "utf8"), /thief/u, "another's lock is left alone");
  });

  const busy = ({ pid }: LockOwner): PodtrustError =>
    new PodtrustError("sandbox-state-locked", `process ${pid}`);

  test("a taker that will not wait fails at once where a holder lives, here or elsewhere once it shows life", async () => {
    const directory = folder();
    const clock = new TestClock(Date.now());
    const held = await new StateFolder(directory).lock("job", { clock, busy });
    await assert.rejects(new StateFolder(directory).lock("job", { clock, busy }), {
      message: `process ${process.pid}`,
    });
    await held.release();
    const file = leaveLock(directory, { id: "far", pid: 7, place: "elsewhere" });
    let ended: unknown;
    const asking = new StateFolder(directory).lock("job", { clock, busy }).catch((error: unknown) => {
      ended = error;
    });
    await stepUntil(clock, () => clock.sleeping > 0, { step: 1 });
    utimesSync(file, 1, 1);
    await stepUntil(clock, () => ended !== undefined, { step: 500 });
    await asking;
    assert.match(String(ended), /process 7/u);
  });

  test("a number that another process got after a restart of the machine holds no lock forever", async () => {
    const directory = folder();
    const file = leaveLock(directory, { id: "before", pid: process.ppid, place: ownPlace });
    utimesSync(file, 1, 1);
    const clock = new TestClock();
    let had = false;
    const taking = new StateFolder(directory).lock("job", { clock, busy }).then((lock) => {
      had = true;
      return lock;
    });
    await stepUntil(clock, () => had, { step: 500 });
    await (await taking).release();
  });
});
