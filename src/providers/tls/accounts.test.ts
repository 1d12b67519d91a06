import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { settle, TestClock } from "../../../test/support/clock.ts";
import { type AcmeAccount, type AcmeClient, AcmeProblem, createAccountKey } from "../acme/index.ts";
import { PodtrustError } from "../../core/base/index.ts";
import { AcmeAccounts, type AccountSpec } from "./accounts.ts";
import { memoryStore } from "../../../test/support/memory-store.ts";
import type { AccountStore, CertificateStore } from "./index.ts";

const directoryUrl = "https://ca.example/directory";
const email = "ops@example.com";
const hour = 3_600_000;

/** A CA that counts accounts; one and the same key has one. */
function countingCa() {
  const made: string[] = [];
  const ca = {
    made,
    asked: 0,
    failure: undefined as Error | undefined,
    /** Resolves before an account is made. */
    before: (_signal: AbortSignal | undefined): Promise<unknown> => Promise.resolve(),
    client(): AcmeClient {
      const account = (key: AcmeAccount["key"], uri: string) => ({ key, uri }) as AcmeAccount;
      const newAccount: AcmeClient["newAccount"] = async ({ key }, signal) => {
        ca.asked += 1;
        await ca.before(signal);
        if (ca.failure !== undefined) throw ca.failure;
        if (!made.includes(key.thumbprint)) made.push(key.thumbprint);
        return account(key, `https://ca.example/account/${key.thumbprint}`);
      };
      const directory = () => Promise.resolve({ caaIdentities: ["ca.example"] });
      return { directoryUrl, directory, newAccount, account } as unknown as AcmeClient;
    },
  };
  return ca;
}

const specOf = (client: AcmeClient, store: AccountStore, more: Partial<AccountSpec> = {}): AccountSpec => ({
  client,
  store,
  email,
  externalAccount: undefined,
  termsOfServiceAgreed: true,
  ...more,
});

function fifty(accounts: AcmeAccounts): readonly CertificateStore[] {
  const stores = Array.from({ length: 50 }, memoryStore);
  for (const store of stores) accounts.join(store);
  return stores;
}

describe("the accounts of a process", () => {
  test("fifty issuers of one operator make one account at a CA, at once, and each keeps it", async () => {
    const accounts = new AcmeAccounts({ clock: new TestClock() });
    const ca = countingCa();
    const stores = fifty(accounts);
    // The clock stands still: no caller waits for another look at a lock.
    const had = await Promise.all(stores.map((store) => accounts.account(specOf(ca.client(), store))));
    assert.deepEqual([ca.made.length, ca.asked, new Set(had.map(({ uri }) => uri)).size], [1, 1, 1]);
    for (const store of stores)
      assert.equal((await store.loadAccount(directoryUrl, email))?.uri, had[0]?.uri);
  });

  test("an account that was made while another still looked for one is not made again", async () => {
    const accounts = new AcmeAccounts({ clock: new TestClock() });
    const ca = countingCa();
    const [first, second] = [memoryStore(), memoryStore()];
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    let isSlow = true;
    // Looks at once, and says later what it saw.
    const slow: CertificateStore = Object.assign(Object.create(first) as CertificateStore, {
      async loadAccount(directory: string, mail: string) {
        const found = await first.loadAccount(directory, mail);
        if (isSlow) await answered;
        return found;
      },
    });
    for (const store of [slow, second]) accounts.join(store);
    const late = accounts.account(specOf(ca.client(), second));
    await settle();
    isSlow = false;
    const made = await accounts.account(specOf(ca.client(), slow));
    answer();
    assert.equal((await late).uri, made.uri);
    assert.equal(ca.made.length, 1);
  });

  test("fifty issuers with one folder make one account as well", async () => {
    const accounts = new AcmeAccounts({ clock: new TestClock() });
    const [ca, store] = [countingCa(), memoryStore()];
    await Promise.all(Array.from({ length: 50 }, () => accounts.account(specOf(ca.client(), store))));
    assert.equal(ca.asked, 1);
  });

  test("two processes that make an account at once in a place without locks send the CA one key", async () => {
    const [ca, shared] = [countingCa(), memoryStore()];
    const meeting = Promise.withResolvers<void>();
    let looks = 0;
    const store: AccountStore = {
      // Both have seen that there is none before either writes.
      async loadAccount(directory, mail) {
        const found = await shared.loadAccount(directory, mail);
        looks += 1;
        if (looks === 2) meeting.resolve();
        await meeting.promise;
        return found;
      },
      saveAccount: (...account) => shared.saveAccount(...account),
    };
    const made = await Promise.all(
      [0, 1].map(() => new AcmeAccounts({ clock: new TestClock() }).account(specOf(ca.client(), store))),
    );
    assert.deepEqual([ca.made.length, new Set(made.map(({ uri }) => uri)).size], [1, 1]);
    assert.deepEqual(await shared.loadAccount(directoryUrl, email), {
      key: made[0]?.key.pem,
      uri: made[0]?.uri,
      caaIdentities: ["ca.example"],
    });
  });

  test("another mail address, CA or external account is another account", async () => {
    const accounts = new AcmeAccounts({ clock: new TestClock() });
    const ca = countingCa();
    const externalAccount = { kid: "k", hmacKey: "aa" };
    const each = [{}, { email: undefined }, { externalAccount }].flatMap((more) => [more, more]);
    const stores = each.map(() => memoryStore());
    for (const store of stores) accounts.join(store);
    for (const [index, more] of each.entries())
      await accounts.account(specOf(ca.client(), stores[index] as CertificateStore, more));
    assert.equal(ca.made.length, 3);
  });

  test("what is kept comes before what others have, and a newcomer takes what the others have", async () => {
    const accounts = new AcmeAccounts({ clock: new TestClock() });
    const ca = countingCa();
    const [old, older, fresh] = [memoryStore(), memoryStore(), memoryStore()];
    for (const store of [old, older, fresh]) accounts.join(store);
    await old.saveAccount(directoryUrl, email, { key: createAccountKey().pem, uri: "https://ca.example/a" });
    await older.saveAccount(directoryUrl, email, {
      key: createAccountKey().pem,
      uri: "https://ca.example/b",
    });
    const uri = async (store: CertificateStore): Promise<string> =>
      (await accounts.account(specOf(ca.client(), store))).uri;
    assert.deepEqual(
      [await uri(old), await uri(older), await uri(fresh)],
      ["https://ca.example/a", "https://ca.example/b", "https://ca.example/a"],
    );
    assert.equal(ca.asked, 0);
  });

  test("another issuer's damaged file blocks no account", async () => {
    const accounts = new AcmeAccounts({ clock: new TestClock() });
    const damaged = { ...memoryStore(), loadAccount: () => Promise.reject(new Error("damaged")) };
    accounts.join(damaged);
    await accounts.account(specOf(countingCa().client(), memoryStore()));
  });

  test("a CA that has forgotten the account is asked for one new one", async () => {
    const accounts = new AcmeAccounts({ clock: new TestClock() });
    const ca = countingCa();
    const stores = fifty(accounts);
    const old = { key: createAccountKey().pem, uri: "https://ca.example/forgotten" };
    for (const store of stores) await store.saveAccount(directoryUrl, email, old);
    const not = { uri: old.uri } as AcmeAccount;
    const had = await Promise.all(
      stores.map((store) => accounts.account(specOf(ca.client(), store, { not }))),
    );
    assert.deepEqual([ca.asked, new Set(had.map(({ uri }) => uri)).size], [1, 1]);
    assert.notEqual(had[0]?.uri, old.uri);
  });

  test("a refusal applies to all, and the CA is asked again once for all when its time has come", async () => {
    const clock = new TestClock();
    const accounts = new AcmeAccounts({ clock });
    const ca = countingCa();
    const stores = fifty(accounts);
    const all = () => Promise.allSettled(stores.map((store) => accounts.account(specOf(ca.client(), store))));
    ca.failure = new AcmeProblem({}, { url: directoryUrl, status: 429, retryAfterMs: 365 * 24 * hour });
    for (const { status } of await all()) assert.equal(status, "rejected");
    assert.equal(ca.asked, 1);
    await clock.advance(5 * hour);
    await all();
    assert.equal(ca.asked, 1, "what the CA asked for is kept to, for some hours");
    await clock.advance(hour);
    ca.failure = undefined;
    for (const { status } of await all()) assert.equal(status, "fulfilled");
    assert.equal(ca.asked, 2);
  });

  for (const [words, jump] of [
    ["back", -hour],
    ["forth", hour],
  ] as const) {
    test(`the hours that a CA asked for are kept to when the time of day jumps one ${words}`, async () => {
      const clock = new TestClock();
      const accounts = new AcmeAccounts({ clock });
      const [ca, store] = [countingCa(), memoryStore()];
      ca.failure = new AcmeProblem({}, { url: directoryUrl, status: 429, retryAfterMs: 2 * hour });
      const ask = () => accounts.account(specOf(ca.client(), store));
      await assert.rejects(ask());
      clock.jump(jump);
      await clock.advance(2 * hour - 1);
      await assert.rejects(ask());
      assert.equal(ca.asked, 1);
      await clock.advance(1);
      ca.failure = undefined;
      await ask();
    });
  }

  test("after a reload the CA is asked at once, since what was missing may be there", async () => {
    const accounts = new AcmeAccounts({ clock: new TestClock() });
    const [ca, store] = [countingCa(), memoryStore()];
    ca.failure = new PodtrustError("acme-account-refused", "no such key");
    await assert.rejects(accounts.account(specOf(ca.client(), store)), ca.failure);
    await assert.rejects(accounts.account(specOf(ca.client(), store)), ca.failure);
    assert.equal(ca.asked, 1);
    const leave = accounts.join(store);
    accounts.join(store);
    leave();
    ca.failure = undefined;
    await accounts.account(specOf(ca.client(), store));
  });

  test("a first caller that ends does not keep others from an account", async () => {
    const accounts = new AcmeAccounts({ clock: new TestClock() });
    const ca = countingCa();
    const ending = new AbortController();
    let waits = true;
    ca.before = (signal) =>
      waits
        ? new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)))
        : Promise.resolve();
    const first = accounts.account(specOf(ca.client(), memoryStore()), ending.signal);
    const second = accounts.account(specOf(ca.client(), memoryStore()));
    const third = accounts.account(specOf(ca.client(), memoryStore()), AbortSignal.timeout(20));
    await assert.rejects(third, { name: "TimeoutError" });
    waits = false;
    ending.abort(new Error("closed"));
    await assert.rejects(first, /closed/u);
    assert.ok((await second).uri.startsWith("https://ca.example/account/"));
  });
});
