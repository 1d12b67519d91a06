import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { TestClock } from "../../test/support/clock.ts";
import { MemoryLog, newKey as jwkOf } from "../../test/support/publisher.ts";
import { stepUntil } from "../../test/support/steps.ts";
import { newIdentity, readIdentities } from "../core/age/index.ts";
import { defined } from "../core/base/index.ts";
import { StateFolder } from "../core/files/index.ts";
import { parseConfig, publisherOf } from "../config/index.ts";
import type { PublicJwk } from "../rules/keys/index.ts";
import { folderTarget, opened, ScheduledBackup, signatureOf } from "./index.ts";

const { identity, recipient } = newIdentity();
const start = Date.UTC(2026, 10, 28, 12);
const hour = 3_600_000;

/** The documents of a publisher with one key, as it keeps them. Times in milliseconds since the epoch. */
function stateWith(spec: {
  readonly key: PublicJwk;
  readonly at: number;
  readonly lastSeen?: number;
  readonly distrustedAt?: number;
}): string {
  const { key: jwk, at, lastSeen = at, distrustedAt } = spec;
  const issuer = "https://oidc.example.com";
  const key = { jwk, firstSeen: at, lastSeen, ...defined({ distrustedAt }) };
  return JSON.stringify({ format: 1, issuer, confirmedAt: lastSeen, changedAt: at, keys: [key] });
}

async function world(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-schedule-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const backups = join(folder, "backups");
  const publisher = {
    stateDir: join(folder, "state"),
    https: { acme: {} },
    backup: { recipients: [recipient], folder: backups, keep: 3 },
  };
  const text = JSON.stringify({ stack: "prod", issuer: "https://oidc.example.com", publisher });
  const config = await parseConfig(text, join(folder, "podtrust.yaml"), {});
  const { backup } = publisherOf(config);
  assert.ok(backup !== undefined && "folder" in backup.place);
  const place = folderTarget(backup.place.folder, { keep: backup.place.keep });
  const [clock, logger] = [new TestClock(start), new MemoryLog()];
  const state = new StateFolder(join(folder, "state", "publisher"));
  const begin = (): ScheduledBackup => {
    const deps = { clock, logger, env: {} };
    const begun = new ScheduledBackup({ config, backup, place, deps });
    t.after(() => begun.close());
    return begun;
  };
  const names = async (): Promise<readonly string[]> => {
    const all: readonly string[] = await readdir(backups).catch(() => []);
    // One that is being written has another name.
    return all.filter((name) => name.endsWith(".age")).toSorted();
  };
  /** Moves the clock until there are so many. */
  const until = (count: number, step = 60_000): Promise<void> => {
    let seen = -1;
    const look = async (): Promise<void> => {
      seen = (await names()).length;
    };
    return stepUntil(clock, () => (void look(), seen === count), { step, limit: 48 * hour });
  };
  /** What the last one holds. */
  const newest = async () => {
    const [name = ""] = (await names()).slice(-1);
    return opened(await readFile(join(backups, name)), { identities: readIdentities(identity) });
  };
  return { backups, clock, logger, state, begin, names, newest, until };
}

describe("a publisher's own backups", () => {
  test("begin with its first documents, and come once in a while and when a key is distrusted", async (t) => {
    const { clock, state, begin, names, newest, until } = await world(t);
    const key = jwkOf();
    const running = begin();
    await stepUntil(clock, () => clock.now() > start + 3 * 60_000, { step: 60_000, limit: 48 * hour });
    assert.deepEqual([await names(), running.status.trouble], [[], undefined]);
    await state.replace("prod.json", stateWith({ key, at: start }));
    await until(1);
    const first = clock.now();
    // Its file is there before old ones are taken away, and both before it counts as written.
    await stepUntil(clock, () => running.status.writtenAt !== undefined);
    const { writtenAt = 0, dueAt } = running.status;
    assert.ok(writtenAt > start && writtenAt <= clock.now(), `${writtenAt - start} ms after the start`);
    assert.equal(dueAt, writtenAt + 24 * hour);
    // Sightings are no change.
    await state.replace("prod.json", stateWith({ key, at: start, lastSeen: first }));
    await until(2, hour);
    assert.ok(clock.now() - first >= 23 * hour, `${(clock.now() - first) / hour} h`);
    const second = clock.now();
    await state.replace("prod.json", stateWith({ key, at: start, distrustedAt: second }));
    await until(3);
    assert.ok(clock.now() - second <= 5 * 60_000);
    const contents = await newest();
    assert.match(String(contents.files.get("documents.json")), new RegExp(`"distrustedAt": ${second}`, "u"));
    const { by = "" } = JSON.parse(String(contents.files.get("signature.json"))) as { by?: string };
    assert.deepEqual(signatureOf(contents, [by]), { is: "signed", by });
    assert.match(by, /^ed25519:/u);
    // The oldest makes room.
    const [oldest = ""] = await names();
    await state.replace("prod.json", stateWith({ key, at: start }));
    await stepUntil(clock, () => clock.now() > second + 30 * 60_000, { step: 60_000, limit: 48 * hour });
    assert.deepEqual([(await names()).length, (await names()).includes(oldest)], [3, false]);
  });

  test("count what is there at a start: another comes when that is old, or keys have changed since", async (t) => {
    const { clock, state, begin, names, until } = await world(t);
    const key = jwkOf();
    await state.replace("prod.json", stateWith({ key, at: start - hour }));
    const before = begin();
    await until(1);
    await before.close();
    const again = begin();
    await stepUntil(clock, () => clock.now() > start + 2 * hour, { step: 60_000, limit: 48 * hour });
    assert.equal((await names()).length, 1);
    await again.close();
    await state.replace("prod.json", stateWith({ key, at: clock.now() }));
    begin();
    await until(2);
  });

  test("that cannot be written are said to be missing until one is, and the folder of others is refused", async (t) => {
    const { backups, clock, logger, state, begin, until } = await world(t);
    await state.replace("prod.json", stateWith({ key: jwkOf(), at: start }));
    await mkdir(backups);
    await chmod(backups, 0o777);
    const running = begin();
    await stepUntil(clock, () => running.status.trouble !== undefined, { step: 60_000, limit: 48 * hour });
    assert.match(running.status.trouble ?? "", /^No backup could be written to .*no other user may write/u);
    await chmod(backups, 0o700);
    await until(1);
    await stepUntil(clock, () => running.status.trouble === undefined, { step: 60_000, limit: 48 * hour });
    assert.equal(logger.lines.filter(({ level }) => level === "error").length, 1);
  });
});
