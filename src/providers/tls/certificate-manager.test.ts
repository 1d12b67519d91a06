import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { TestClock } from "../../../test/support/clock.ts";
import { memoryStore } from "../../../test/support/memory-store.ts";
import { type FakeCas, fakeCas } from "../../../test/support/fake-authority.ts";
import { stepUntil } from "../../../test/support/steps.ts";
import { until } from "../../../test/support/until.ts";
import { AcmeProblem } from "../acme/index.ts";
import { PodtrustError } from "../../core/base/index.ts";
import { startCertificateManager } from "./certificate-manager.ts";
import { type CertificateManager, type CertificateManagerOptions, type CertificateStore } from "./index.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const main = "https://ca.example/directory";
const staging = "https://staging.ca.example/directory";
const second = "https://second.example/directory";

let clock: TestClock;
let cas: FakeCas;
let store: CertificateStore;
let managers: CertificateManager[];

async function start(options: Partial<CertificateManagerOptions> = {}): Promise<CertificateManager> {
  const all = {
    names: ["oidc.example.com"],
    issuers: [{ directory: main, staging }],
    store,
    solvers: [],
    termsOfServiceAgreed: true,
    clock,
    random: () => 0.5,
    ...options,
  };
  const manager = await startCertificateManager(all, cas.open);
  managers.push(manager);
  return manager;
}

const refused = (): PodtrustError => new PodtrustError("acme-challenge-failed", "not yours");
const down = (): PodtrustError => new PodtrustError("http-unreachable", "no connection");
const orders = (): string[] => cas.asked.filter((line) => line.startsWith("obtain"));

describe("the certificate manager", () => {
  beforeEach(async () => {
    clock = new TestClock();
    cas = await fakeCas(clock);
    store = memoryStore();
    managers = [];
  });

  afterEach(async () => {
    await Promise.all(managers.map((manager) => manager.close()));
  });

  test("accounts of every CA and environment are made before the first order, then a certificate is obtained and kept", async () => {
    const manager = await start({ issuers: [{ directory: main, staging }, { directory: second }] });
    let changes = 0;
    manager.onChange(() => (changes += 1));
    await stepUntil(clock, () => manager.status().state === "valid");
    assert.deepEqual(cas.asked.slice(0, 4), [
      `account ${main}`,
      `account ${staging}`,
      `account ${second}`,
      `obtain ${main}`,
    ]);
    assert.deepEqual(
      (await manager.accountsReady()).map((one) => [one.directory, one.uri]),
      [main, staging, second].map((one) => [one, `${one}/account/1`]),
    );
    await manager.ready();
    assert.equal(changes, 1);
    const kept = await store.load({ directory: main, account: "", names: ["oidc.example.com"] });
    assert.equal(kept?.certificate, manager.current()?.certificate);
    assert.equal(kept?.key, manager.current()?.key);
  });

  test("a lock that another process keeps for an hour is a failed attempt, told as one and tried again", async () => {
    const kept = await store.lock("certificate oidc.example.com");
    const manager = await start();
    await stepUntil(clock, () => manager.status().attempts > 0, { step: minute, limit: 2 * hour });
    assert.equal(manager.status().lastError?.code, "deadline-exceeded");
    assert.match(manager.status().lastError?.message ?? "", /lock on this certificate for an hour/u);
    assert.deepEqual(orders(), []);
    await kept.release();
    await stepUntil(clock, () => manager.status().state === "valid", { step: minute, limit: 2 * hour });
  });

  test("a start with a good certificate in the store asks no CA for one", async () => {
    const manager = await start();
    await stepUntil(clock, () => manager.status().state === "valid");
    const served = managers[0]?.current();
    await managers[0]?.close();
    cas.asked.length = 0;
    const again = await start();
    assert.deepEqual(again.current(), served, "at once, before anything is asked");
    await clock.advance(day);
    assert.deepEqual(orders(), []);
  });

  test("a certificate is renewed with a third of its life left, with another key, and the CA learns what it replaces", async () => {
    const manager = await start();
    await stepUntil(clock, () => manager.status().ready);
    const first = manager.current();
    await clock.advance(59 * day);
    assert.deepEqual(manager.current(), first);
    assert.equal(manager.status().nextRenewal, (first?.notAfter ?? 0) - 30 * day);
    await stepUntil(clock, () => manager.status().renewals === 2, { step: hour, limit: 2 * day });
    assert.notEqual(manager.current()?.key, first?.key);
    assert.equal(orders().at(-1), `obtain ${main} replacing`);
  });

  test("the CA's word is asked at once, kept, asked again as often as it wants, and followed", async () => {
    const begin = clock.now();
    cas.info.set(main, {
      start: begin + 10 * day,
      end: begin + 12 * day,
      explanationUrl: undefined,
      retryAfter: 6 * hour,
    });
    const manager = await start();
    await stepUntil(clock, () => manager.status().renewalReason === "ari");
    assert.equal(manager.status().nextRenewal, begin + 11 * day, "the middle of the window, as drawn");
    const kept = await store.load({ directory: main, account: "", names: ["oidc.example.com"] });
    assert.equal(kept?.renewal?.selected, begin + 11 * day);
    const before = cas.asked.length;
    await clock.advance(day);
    const times = cas.asked.slice(before).filter((line) => line.startsWith("info")).length;
    assert.ok(times >= 3 && times <= 5, `${times} questions in a day`);
    cas.info.set(main, {
      start: begin,
      end: begin + hour,
      explanationUrl: "https://ca.example/revoked",
      retryAfter: 6 * hour,
    });
    await stepUntil(clock, () => manager.status().renewals === 2, {
      step: 10 * minute,
      limit: 2 * day,
      pause: 25,
    });
    assert.equal(orders().at(-1), `obtain ${main} replacing`);
  });

  test("the time that was drawn for a renewal survives a restart", async () => {
    const begin = clock.now();
    cas.info.set(main, {
      start: begin + 10 * day,
      end: begin + 20 * day,
      explanationUrl: undefined,
      retryAfter: 6 * hour,
    });
    const manager = await start();
    await stepUntil(clock, () => manager.status().renewalReason === "ari");
    await manager.close();
    const again = await start({ random: () => 0.9 });
    await clock.advance(day);
    assert.equal(again.status().nextRenewal, begin + 15 * day);
  });

  test("a CA that suggests renewing what it has just issued is not asked without a pause", async () => {
    const begin = clock.now();
    cas.info.set(main, {
      start: begin - 2 * day,
      end: begin - day,
      explanationUrl: undefined,
      retryAfter: minute,
    });
    const manager = await start();
    await stepUntil(clock, () => manager.status().ready);
    await clock.advance(hour);
    await until("it waits again", () => clock.sleeping > 0);
    assert.ok(orders().length >= 2 && orders().length <= 7, `${orders().length} orders in an hour`);
  });

  test("renewal information that cannot be had leaves the renewal to the dates, and is asked for at growing intervals", async () => {
    cas.info.set(main, down());
    const manager = await start();
    await stepUntil(clock, () => manager.status().ready);
    await clock.advance(day);
    const times = cas.asked.filter((line) => line.startsWith("info")).length;
    assert.ok(times >= 5 && times <= 8, `${times} questions in a day`);
    assert.equal(manager.status().renewalReason, "life-left");
  });

  test("after a failure the next attempts go to staging first, and to production once staging issues", async () => {
    cas.failures.set(main, [refused()]);
    cas.failures.set(staging, [refused(), refused()]);
    const manager = await start();
    await stepUntil(clock, () => manager.status().ready, { step: 10_000 });
    assert.deepEqual(orders(), [
      `obtain ${main}`,
      `obtain ${staging}`,
      `obtain ${staging}`,
      `obtain ${staging}`,
      `obtain ${main}`,
    ]);
    assert.equal(manager.status().from, main, "staging's certificate is not served");
    assert.equal(manager.status().lastError, undefined);
  });

  test("a staging that is down does not block production", async () => {
    cas.failures.set(main, [refused()]);
    cas.failures.set(staging, [down()]);
    const manager = await start();
    await stepUntil(clock, () => manager.status().ready, { step: 10_000 });
    assert.deepEqual(orders(), [`obtain ${main}`, `obtain ${staging}`, `obtain ${main}`]);
  });

  test("failures come at the schedule's intervals, and status says what and when", async () => {
    cas.failures.set(main, Array.from({ length: 5 }, refused));
    const manager = await start({ issuers: [{ directory: main }] });
    const at: number[] = [];
    const begin = clock.now();
    cas.before = () => {
      at.push(Math.round((clock.now() - begin) / minute));
      return Promise.resolve();
    };
    await stepUntil(clock, () => manager.status().attempts === 2, { step: 5000 });
    const { state, lastError, nextAttempt, ready } = manager.status();
    assert.deepEqual(
      [state, ready, lastError?.code, lastError?.message],
      ["failing", false, "acme-challenge-failed", "not yours"],
    );
    assert.ok(Math.abs((nextAttempt ?? 0) - (begin + 3 * minute)) < 20_000);
    assert.equal(manager.current(), undefined);
    await stepUntil(clock, () => manager.status().ready, { step: 5000 });
    assert.deepEqual(at, [0, 1, 3, 5, 10, 20]);
  });

  test("Retry-After of the CA is kept to, beyond the schedule's own wait", async () => {
    const limited = new AcmeProblem(
      { type: "urn:ietf:params:acme:error:rateLimited", detail: "too many" },
      { url: main, status: 429, retryAfterMs: 5 * hour },
    );
    cas.failures.set(main, [limited]);
    const manager = await start({ issuers: [{ directory: main }] });
    const begin = clock.elapsed();
    await clock.advance(5 * hour - 2 * minute);
    await assert.rejects(manager.renewNow(), { code: "acme-rate-limited" }, "not even when a person asks");
    await stepUntil(clock, () => orders().length === 2);
    assert.ok(clock.elapsed() - begin >= 5 * hour, `${clock.elapsed() - begin} ms`);
    await stepUntil(clock, () => manager.status().ready);
    assert.equal(orders().length, 2);
  });

  test("a clock that is set right after a year ahead does not cause a wait for that year", async () => {
    const year = 365 * day;
    const limited = new AcmeProblem(
      { type: "urn:ietf:params:acme:error:rateLimited", detail: "too many" },
      { url: main, status: 429, retryAfterMs: hour },
    );
    cas.failures.set(main, [limited]);
    clock.jump(year);
    const manager = await start({ issuers: [{ directory: main }] });
    await stepUntil(clock, () => manager.status().state === "failing");
    clock.jump(-year);
    await stepUntil(clock, () => manager.status().ready);

    // The CA's clock was right when it issued: the certificate is due as it would have been.
    clock.jump(year);
    cas.ahead = -year;
    await manager.renewNow();
    clock.jump(-year);
    cas.ahead = 0;
    cas.info.set(main, { start: clock.now(), end: clock.now(), explanationUrl: undefined, retryAfter: hour });
    await stepUntil(clock, () => manager.status().renewals === 3, { step: minute });
  });

  test("a small step back of the clock ends no wait", async () => {
    cas.failures.set(main, [refused(), refused()]);
    const at: number[] = [];
    cas.before = () => Promise.resolve(void at.push(clock.elapsed()));
    const manager = await start({ issuers: [{ directory: main }] });
    await stepUntil(clock, () => manager.status().attempts === 1);
    clock.jump(-5000);
    await stepUntil(clock, () => at.length > 1);
    const [first = 0, next = 0] = at;
    assert.ok(next - first >= minute, `${next - first} ms`);
  });

  test("the second CA is asked in the same attempt when the first gives none, and does not learn of what it did not issue", async () => {
    const manager = await start({ issuers: [{ directory: main }, { directory: second }] });
    await stepUntil(clock, () => manager.status().ready);
    await clock.advance(day);
    cas.failures.set(main, [down()]);
    await manager.renewNow();
    assert.equal(manager.status().from, second);
    assert.deepEqual(orders(), [`obtain ${main}`, `obtain ${main} replacing`, `obtain ${second}`]);
    await manager.close();
    const again = await start({ issuers: [{ directory: main }, { directory: second }] });
    assert.equal(again.status().from, second, "the newest of the store");
  });

  test("a CA that gives no account today keeps neither another nor itself from issuing", async () => {
    cas.accountFailures.set(staging, Array.from({ length: 3 }, down));
    const manager = await start();
    await stepUntil(clock, () => manager.status().ready);
    assert.deepEqual(
      manager.accounts().map((one) => one.directory),
      [main],
    );
    assert.equal((await accountsWithin(manager, hour)).length, 2);
  });

  async function accountsWithin(manager: CertificateManager, limit: number): Promise<readonly unknown[]> {
    let got: readonly unknown[] | undefined;
    const asking = manager.accountsReady().then((accounts) => (got = accounts));
    await stepUntil(clock, () => got !== undefined, { step: minute, limit });
    return asking;
  }

  test("a failed renewal leaves the old certificate, also when it expires, and tries at least hourly then", async () => {
    const manager = await start({ issuers: [{ directory: main }] });
    await stepUntil(clock, () => manager.status().ready);
    const first = manager.current();
    cas.failures.set(main, Array.from({ length: 10_000 }, refused));
    await clock.advance(90 * day);
    await until("it is failing", () => manager.status().state === "failing");
    assert.deepEqual(manager.current(), first);
    assert.deepEqual([manager.status().ready, manager.status().state], [false, "failing"]);
    const before = orders().length;
    await stepUntil(clock, () => orders().length - before >= 9, { step: minute, limit: 10 * hour });
    cas.failures.clear();
    await stepUntil(clock, () => manager.status().ready, { step: minute, limit: 2 * hour });
    assert.notDeepEqual(manager.current(), first);
  });

  test("a listener that throws does not block others, and one that has ended is not called", async () => {
    const manager = await start();
    const heard: string[] = [];
    manager.onChange(() => {
      throw new Error("a fault of the listener");
    });
    const end = manager.onChange(() => heard.push("ended"));
    manager.onChange(() => heard.push("stays"));
    end();
    await stepUntil(clock, () => manager.status().ready);
    assert.deepEqual(heard, ["stays"]);
  });

  test("a certificate that another process obtained is taken from the store in place of an order", async () => {
    const lock = await store.lock("certificate oidc.example.com");
    let asked = 0;
    const asking: CertificateStore = {
      ...store,
      lock: (...args) => {
        asked += 1;
        return store.lock(...args);
      },
    };
    const manager = await start({ store: asking });
    await stepUntil(clock, () => asked > 0);
    const other = await cas.open({ directory: main }, main, {} as never).obtain(["oidc.example.com"]);
    cas.asked.length = 0;
    await store.save({ directory: main, account: "", names: ["oidc.example.com"] }, other);
    await lock.release();
    await stepUntil(clock, () => manager.status().ready);
    assert.equal(manager.current()?.certificate, other.certificate);
    assert.deepEqual(orders(), []);
  });

  test("closing ends an attempt, gives the lock back, and waiting callers learn of it", async () => {
    cas.before = (signal) => clock.sleep(365 * day, signal);
    const manager = await start();
    await stepUntil(clock, () => orders().length > 0);
    const waiting = assert.rejects(manager.ready(), { code: "interrupted" });
    const hurry = assert.rejects(manager.renewNow(), { code: "interrupted" });
    await Promise.all([manager.close(), waiting, hurry]);
    assert.equal(manager.status().state, "closed");
    await (await store.lock("certificate oidc.example.com")).release();
  });

  test("options that could never work are refused at once", async () => {
    await assert.rejects(start({ issuers: [] }), TypeError);
    await assert.rejects(start({ names: ["not a name"] }), { code: "acme-name-refused" });
    const plain = {
      names: ["a.example"],
      issuers: [{ directory: "http://ca.example/" }],
      store,
      solvers: [],
      termsOfServiceAgreed: true,
      clock,
    };
    await assert.rejects(startCertificateManager(plain), { code: "acme-directory-invalid" });
  });
});
