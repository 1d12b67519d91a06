import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { testAuthority } from "../../test/support/certificates.ts";
import { TestClock } from "../../test/support/clock.ts";
import { stepUntil } from "../../test/support/steps.ts";
import { storeContract } from "../../test/support/store-contract.ts";
import { silentLogger, systemClock } from "../base/index.ts";
import { freshness } from "./file-lock.ts";
import { fileStore, memoryStore } from "./index.ts";
import { isDead, ownPlace } from "./lock-owner.ts";

const folders: string[] = [];
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "podtrust-store-"));
  folders.push(made);
  return join(made, "state");
}
after(() => {
  for (const one of folders) rmSync(one, { recursive: true, force: true });
});

storeContract("memory store", memoryStore);
storeContract("file store", () => fileStore({ directory: folder(), clock: systemClock }));

const address = { directory: "https://ca.example/d", account: "", names: ["a.example"] };

function filesUnder(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

test("files are for their owner alone, and nothing temporary stays behind", async () => {
  const directory = folder();
  const store = fileStore({ directory, clock: systemClock });
  const pair = await (await testAuthority()).issue(["a.example"]);
  await store.save(address, pair);
  await store.saveAccount("https://ca.example/d", "", { key: pair.key });
  const lock = await store.lock("certificate a.example");
  const files = filesUnder(directory);
  assert.equal(files.length, 3, files.join("\n"));
  for (const file of files) assert.equal(statSync(file).mode & 0o777, 0o600, file);
  for (const name of ["", "certificates", "accounts", "locks"]) {
    assert.equal(statSync(join(directory, name)).mode & 0o777, 0o700, name);
  }
  await lock.release();
  assert.equal(filesUnder(directory).length, 2);
});

test("a file that is not what was written is an error that names it, and another save mends it", async () => {
  const directory = folder();
  const store = fileStore({ directory, clock: systemClock });
  const authority = await testAuthority();
  const [pair, other] = [await authority.issue(["a.example"]), await authority.issue(["a.example"])];
  await store.save(address, pair);
  const [file = ""] = filesUnder(directory);
  const good = readFileSync(file, "utf8");
  const bad = [
    "",
    "[]",
    good.slice(0, -50),
    good.replace('"format": 1', '"format": 2'),
    good.replace(JSON.stringify(pair.key), JSON.stringify(other.key)),
    good.replace(JSON.stringify(pair.certificate), '"none"'),
    good.replace('"key"', '"quay"'),
  ];
  for (const text of bad) {
    writeFileSync(file, text);
    await assert.rejects(store.load(address), (error: Error & { code?: string }) => {
      return (
        error.code === "certificate-store-invalid" &&
        error.message.includes(file) &&
        !error.message.includes("BEGIN")
      );
    });
  }
  await store.save(address, pair);
  assert.deepEqual(await store.load(address), pair);
});

/** A lock file as somebody else left it. */
async function leaveLock(directory: string, owner: object): Promise<string> {
  const store = fileStore({ directory, clock: systemClock });
  const lock = await store.lock("job");
  const [file = ""] = filesUnder(directory);
  await lock.release();
  writeFileSync(file, JSON.stringify(owner));
  return file;
}

function deadPid(): number {
  return spawnSync(process.execPath, ["-e", ""]).pid;
}

test("the lock of a dead process is taken over at once", async () => {
  const directory = folder();
  await leaveLock(directory, { id: "theirs", pid: deadPid(), place: ownPlace });
  const clock = new TestClock();
  const lock = await fileStore({ directory, clock }).lock("job");
  assert.equal(lock.lost.aborted, false);
  await lock.release();
  assert.deepEqual(filesUnder(directory), []);
});

test("a lock with our own pid that we do not hold is of a predecessor: taken over at once", async () => {
  const directory = folder();
  await leaveLock(directory, { id: "before", pid: process.pid, place: ownPlace });
  await (await fileStore({ directory, clock: new TestClock() }).lock("job")).release();
});

test("whether a process of another machine lives cannot be known from here", () => {
  assert.equal(isDead({ id: "x", pid: deadPid(), place: "elsewhere" }), false);
  assert.equal(isDead({ id: "x", pid: process.ppid, place: ownPlace }), false);
  assert.equal(isDead({ id: "x", pid: deadPid(), place: ownPlace }), true);
});

/** Moves the clock in steps with room for real file access in between, until `done` or too late. */
async function untilDone(clock: TestClock, done: () => boolean, limit: number): Promise<void> {
  const end = clock.now() + limit;
  while (!done() && clock.now() < end) {
    await clock.advance(500);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("a lock without a sign of life for twice its interval is taken over, also one that cannot be read", async () => {
  for (const content of [{ id: "far", pid: 1, place: "elsewhere" }, "nonsense"]) {
    const directory = folder();
    await leaveLock(directory, content as object);
    const clock = new TestClock();
    const start = clock.now();
    let had = 0;
    const taking = fileStore({ directory, clock })
      .lock("job")
      .then((lock) => {
        had = clock.now();
        return lock;
      });
    await stepUntil(clock, () => had > 0, { step: 500 });
    assert.ok(had - start > 2 * freshness && had - start < 10 * freshness, `${had - start} ms`);
    await (await taking).release();
  }
});

test("a lock whose holder shows life is waited for, however long, whatever the clocks say", async () => {
  const directory = folder();
  const file = await leaveLock(directory, { id: "far", pid: 1, place: "elsewhere" });
  const clock = new TestClock();
  let had = false;
  const giveUp = new AbortController();
  const taking = fileStore({ directory, clock })
    .lock("job", giveUp.signal)
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

test("who holds a lock shows life, and hears when it was lost", async () => {
  const directory = folder();
  const clock = new TestClock();
  const lock = await fileStore({ directory, clock, logger: silentLogger }).lock("job");
  const [file = ""] = filesUnder(directory);
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
