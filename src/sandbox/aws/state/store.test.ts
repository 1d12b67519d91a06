import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, test, type TestContext } from "node:test";
import { PodtrustError } from "../../../core/base/index.ts";
import { ownPlace } from "../../../core/files/lock-owner.ts";
import { accessKeyId, accountOfAccessKey, uniqueId } from "./identifier.ts";
import type { AdminAccessKey, Role } from "./records.ts";
import { type Account, emptyAccount, seenRole } from "./account.ts";
import { openStore } from "./store.ts";
import { Table } from "./table.ts";

const account = "111122223333";
const key: AdminAccessKey = { id: "AKIAEXAMPLE", secret: "the-secret", createDate: 1 };

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "podtrust-state-"));
  t.after(() => rm(made, { recursive: true, force: true }));
  return join(made, "state");
}

function role(change: Partial<Role> = {}): Role {
  return {
    name: "Demo",
    path: "/",
    id: "AROAEXAMPLE",
    arn: `arn:aws:iam::${account}:role/Demo`,
    createDate: 1000,
    maxSessionDuration: 3600,
    trustPolicy: "new",
    trustChanged: 1000,
    inline: {},
    attached: [],
    tags: [],
    ...change,
  };
}

describe("the sandbox's store", () => {
  test("has all records after a restart, in order, readable by its owner only", async (t) => {
    const path = await folder(t);
    const first = await openStore(account, path);
    first.account.keys.set(key.id, key);
    first.account.roles.set("demo", role());
    first.account.roles.set("other", role({ name: "other" }));
    await first.persist();
    await first.close();
    const second = await openStore(account, path);
    t.after(() => second.close());
    assert.deepEqual(second.account.keys.get(key.id), key);
    assert.deepEqual(
      second.account.roles.values().map(({ name }) => name),
      ["Demo", "other"],
    );
    assert.deepEqual((await readdir(path)).sort(), ["keys.json", "lock", "roles.json"]);
    assert.equal((await stat(join(path, "keys.json"))).mode & 0o777, 0o600);
    assert.equal((await stat(path)).mode & 0o777, 0o700);
  });

  test("writes again only the tables that have changed", async (t) => {
    const path = await folder(t);
    const store = await openStore(account, path);
    t.after(() => store.close());
    store.account.keys.set(key.id, key);
    await store.persist();
    const before = await stat(join(path, "keys.json"), { bigint: true });
    store.account.roles.set("demo", role());
    assert.equal(store.account.keys.delete("absent"), false);
    await Promise.all([store.persist(), store.persist()]);
    assert.equal((await stat(join(path, "keys.json"), { bigint: true })).ino, before.ino);
    assert.ok((await readdir(path)).includes("roles.json"));
  });

  test("tries a write that failed again with the next one", async (t) => {
    const path = await folder(t);
    const store = await openStore(account, path);
    t.after(() => store.close());
    store.account.keys.set(key.id, key);
    await rm(path, { recursive: true });
    await writeFile(path, "");
    await assert.rejects(store.persist(), { code: "file-unwritable", message: /is not a folder/u });
    await rm(path);
    await store.persist();
    assert.match(await readFile(join(path, "keys.json"), "utf8"), /AKIAEXAMPLE/u);
    assert.deepEqual(await readdir(path), ["keys.json"]);
  });

  test("a file that is not ours, of another format or of another account is refused by name", async (t) => {
    const path = await folder(t);
    await (await openStore(account, path)).close();
    const file = join(path, "roles.json");
    const code = (wanted: string, text: RegExp) => (error: unknown) => {
      assert.ok(error instanceof PodtrustError);
      assert.equal(error.code, wanted);
      assert.match(error.message, text);
      return true;
    };
    for (const [content, text] of [
      ["{", /not JSON/u],
      ["[]", /not a table/u],
      [`{"format":2,"account":"${account}","records":[["a"]]}`, /not a table/u],
      [`{"format":1,"account":"${account}","records":[]}`, /its format is 1, not 2/u],
      ['{"format":2,"account":"999988887777","records":[]}', /of account 999988887777/u],
    ] as const) {
      await writeFile(file, content);
      await assert.rejects(openStore(account, path), code("sandbox-state-invalid", text));
    }
    await rm(file);
    await writeFile(join(path, "file"), "");
    await assert.rejects(openStore(account, join(path, "file")), code("file-unwritable", /is not a folder/u));
    await chmod(path, 0o700);
  });

  /** A lock as a process of this number has left it. */
  async function leaveLock(path: string, pid: number): Promise<void> {
    await writeFile(join(path, "lock"), JSON.stringify({ id: "theirs", pid, place: ownPlace }));
  }

  test("a folder has one process at a time, and a dead one's lock is taken over", async (t) => {
    const path = await folder(t);
    const first = await openStore(account, path);
    const locked = {
      code: "sandbox-state-locked",
      message: new RegExp(`in use by process ${process.pid}$`, "u"),
    };
    await assert.rejects(openStore(account, path), locked);
    await first.close();
    await (await openStore(account, path)).close();
    await leaveLock(path, 2_147_483_646);
    await (await openStore(account, path)).close();
    await leaveLock(path, process.ppid);
    await assert.rejects(openStore(account, path), { code: "sandbox-state-locked" });
    // In a container every process has the number of the one that died in it.
    await leaveLock(path, process.pid);
    const taken = await openStore(account, path);
    await assert.rejects(openStore(account, path), locked);
    await taken.close();
  });

  test("of many that find a dead one's lock at the same time, one has the folder", async (t) => {
    const path = await folder(t);
    await mkdir(path);
    for (let round = 0; round < 20; round += 1) {
      await leaveLock(path, 2_147_483_646);
      const all = await Promise.allSettled(Array.from({ length: 8 }, () => openStore(account, path)));
      const opened = all.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      assert.equal(opened.length, 1);
      assert.deepEqual(await readdir(path), ["lock"]);
      for (const store of opened) await store.close();
    }
  });

  test("a taking over that was cut off blocks no later one once it is old", async (t) => {
    const path = await folder(t);
    await mkdir(path);
    await leaveLock(path, 2_147_483_646);
    const claim = join(path, "lock.takeover");
    await writeFile(claim, "");
    const opening = openStore(account, path);
    const old = new Date(Date.now() - 60_000);
    await utimes(claim, old, old);
    const store = await opening;
    assert.deepEqual(await readdir(path), ["lock"]);
    await store.close();
  });

  test("a folder that was there keeps its mode, a new one is ours alone", async (t) => {
    const path = await folder(t);
    await mkdir(path);
    await chmod(path, 0o755);
    await (await openStore(account, path)).close();
    assert.equal((await stat(path)).mode & 0o777, 0o755);
    await (await openStore(account, join(path, "a", "b"))).close();
    assert.equal((await stat(join(path, "a", "b"))).mode & 0o777, 0o700);
  });

  test("an access key's id says whose it is, as AWS's own do", () => {
    // Two of AWS's that were published with their accounts (aquasec and others, on what the id holds).
    assert.equal(accountOfAccessKey("ASIAY34FZKBOKMUTVV7A"), "609629065308");
    assert.equal(accountOfAccessKey("ASIAQNZGKIQY56JQ7WML"), "029608264753");
    for (const number of ["000000000000", "000000000001", account, "999999999999"])
      assert.equal(accountOfAccessKey(accessKeyId("AKIA", number)), number);
    for (const none of ["", "AKIA", "AKIAEXAMPLE", `AKIA${"!".repeat(16)}`])
      assert.ok(typeof accountOfAccessKey(none) === "string", none);
  });

  test("writes nothing when it is in memory", async () => {
    const store = await openStore(account, undefined);
    store.account.keys.set(key.id, key);
    await store.persist();
    assert.equal(store.account.keys.size, 1);
  });

  test("shows STS a new role and a changed trust policy when they have propagated", () => {
    const holding = (one: Role): Account => {
      const all = emptyAccount(account);
      all.roles.set("demo", one);
      return all;
    };
    const fresh = holding(role());
    assert.equal(seenRole(fresh, "DEMO", 8999, 8000), undefined);
    assert.equal(seenRole(fresh, "demo", 9000, 8000)?.trustPolicy, "new");
    assert.equal(seenRole(fresh, "demo", 1000, 0)?.trustPolicy, "new");
    assert.equal(seenRole(fresh, "absent", 9000, 0), undefined);
    const changed = holding(role({ trustBefore: "old", trustChanged: 20_000 }));
    assert.equal(seenRole(changed, "demo", 27_999, 8000)?.trustPolicy, "old");
    assert.equal(seenRole(changed, "demo", 28_000, 8000)?.trustPolicy, "new");
    assert.equal(seenRole(changed, "demo", 20_000, 0)?.trustPolicy, "new");
  });

  test("says once that a table has changed, and makes IDs of AWS's form", () => {
    const table = new Table<number>([["a", 1]]);
    assert.equal(table.takeDirty(), false);
    table.set("b", 2);
    assert.equal(table.takeDirty(), true);
    assert.equal(table.takeDirty(), false);
    assert.deepEqual(table.entries(), [
      ["a", 1],
      ["b", 2],
    ]);
    assert.match(uniqueId("AROA"), /^AROA[A-Z2-7]{17}$/u);
    assert.match(accessKeyId("ASIA", account), /^ASIA[A-Z2-7]{16}$/u);
  });
});
