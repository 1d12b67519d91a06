import assert from "node:assert/strict";
import { before, test } from "node:test";
import type {
  CertificateAddress,
  CertificateStore,
  StoredCertificate,
} from "../../src/providers/tls/index.ts";
import { type TestAuthority, testAuthority } from "./certificates.ts";

const address: CertificateAddress = {
  directory: "https://ca.example/directory",
  account: "ops@example.com",
  names: ["oidc.example.com", "other.example.com"],
};
const renewal = { start: 1, end: 3, selected: 2, checkAt: 1, explanationUrl: "https://ca.example/why" };

/** The contract of CertificateStore, for every implementation. `make` gives a store that is empty. */
export function storeContract(name: string, make: () => CertificateStore | Promise<CertificateStore>): void {
  let authority: TestAuthority;
  before(async () => {
    authority = await testAuthority();
  });
  const pair = (): Promise<StoredCertificate> => authority.issue(address.names);

  test(`${name}: what was saved is loaded, and nothing where nothing was`, async () => {
    const store = await make();
    assert.equal(await store.load(address), undefined);
    const [first, second] = [await pair(), { ...(await pair()), renewal }];
    await store.save(address, first);
    assert.deepEqual(await store.load(address), first);
    await store.save(address, second);
    assert.deepEqual(await store.load(address), second);
  });

  test(`${name}: order and case of names make no other address; directory, account and names do`, async () => {
    const store = await make();
    const value = await pair();
    await store.save(address, value);
    const same = { ...address, names: ["OTHER.example.com", "oidc.example.com", "oidc.example.com"] };
    assert.deepEqual(await store.load(same), value);
    const others = [
      { ...address, directory: "https://ca.example/directory2" },
      { ...address, account: "" },
      { ...address, names: ["oidc.example.com"] },
      { ...address, names: ["*.example.com", "oidc.example.com"] },
      { ...address, account: "../../../../etc/passwd" },
      { ...address, directory: "a/../../..", names: ["..", "/", "\0", "x".repeat(300)] },
    ];
    for (const other of others) assert.equal(await store.load(other), undefined);
    const marked = (selected: number): StoredCertificate => ({ ...value, renewal: { ...renewal, selected } });
    for (const [index, other] of others.entries()) await store.save(other, marked(index));
    for (const [index, other] of others.entries()) assert.deepEqual(await store.load(other), marked(index));
    assert.deepEqual(await store.load(address), value);
  });

  test(`${name}: readers during many saves see one of them, whole`, async () => {
    const store = await make();
    const values = await Promise.all(Array.from({ length: 8 }, pair));
    await store.save(address, values[0] as StoredCertificate);
    const reads = Array.from({ length: 40 }, async () => {
      const seen = await store.load(address);
      assert.ok(values.some((one) => one.certificate === seen?.certificate && one.key === seen.key));
    });
    await Promise.all([...values.map((value) => store.save(address, value)), ...reads]);
  });

  test(`${name}: accounts are kept by directory and contact, before and after the CA knows them`, async () => {
    const store = await make();
    const { key } = await pair();
    assert.equal(await store.loadAccount("https://ca.example/d", "a@example.com"), undefined);
    await store.saveAccount("https://ca.example/d", "a@example.com", { key });
    assert.deepEqual(await store.loadAccount("https://ca.example/d", "a@example.com"), { key });
    await store.saveAccount("https://ca.example/d", "a@example.com", { key, uri: "https://ca.example/1" });
    assert.deepEqual(await store.loadAccount("https://ca.example/d", "a@example.com"), {
      key,
      uri: "https://ca.example/1",
    });
    assert.equal(await store.loadAccount("https://ca.example/d", ""), undefined);
    assert.equal(await store.loadAccount("https://ca.example/e", "a@example.com"), undefined);
  });

  test(`${name}: of several that keep an account's key where none is, one does, and it stays`, async () => {
    const store = await make();
    const at = ["https://ca.example/d", "a@example.com"] as const;
    const replaces = (there: object | undefined): boolean => there === undefined;
    const keys = (await Promise.all(Array.from({ length: 6 }, pair))).map(({ key }) => key);
    const kept = await Promise.all(keys.map((key) => store.saveAccount(...at, { key }, { replaces })));
    assert.deepEqual(await store.loadAccount(...at), { key: keys[kept.indexOf(true)] });
    assert.equal(kept.filter(Boolean).length, 1);
    const whole = { key: keys[0] ?? "", uri: "https://ca.example/1", caaIdentities: ["ca.example"] };
    assert.equal(await store.saveAccount(...at, whole), true);
    assert.deepEqual(await store.loadAccount(...at), whole);
  });

  test(`${name}: a lock is held by one at a time, others of the same name wait, other names do not`, async () => {
    const store = await make();
    const order: string[] = [];
    const first = await store.lock("certificate a.example");
    const second = store.lock("certificate a.example").then(async (lock) => {
      order.push("second");
      await lock.release();
    });
    const other = await store.lock("certificate b.example");
    await other.release();
    order.push("first");
    assert.equal(first.lost.aborted, false);
    await first.release();
    await first.release();
    await second;
    assert.deepEqual(order, ["first", "second"]);
  });

  test(`${name}: waiting for a lock ends with its signal, and leaves the lock as it is`, async () => {
    const store = await make();
    const held = await store.lock("x");
    const waiting = new AbortController();
    const refused = assert.rejects(store.lock("x", waiting.signal), /no longer wanted/u);
    waiting.abort(new Error("no longer wanted"));
    await refused;
    await assert.rejects(store.lock("x", AbortSignal.abort(new Error("too late"))), /too late/u);
    await held.release();
    await (await store.lock("x")).release();
  });

  test(`${name}: a save under a lock that is no longer held rejects, and what stands there stays`, async () => {
    const store = await make();
    const [first, late] = [await pair(), await pair()];
    const lock = await store.lock("certificate a.example");
    assert.equal(await lock.isHeld(), true);
    await store.save(address, first, { lock });
    await lock.release();
    assert.equal(await lock.isHeld(), false);
    const lost = { code: "certificate-lock-lost" };
    await assert.rejects(store.save(address, late, { lock }), lost);
    const { directory, account } = address;
    await assert.rejects(store.saveAccount(directory, account, { key: late.key }, { lock }), lost);
    assert.deepEqual(await store.load(address), first);
    assert.equal(await store.loadAccount(directory, account), undefined);
  });

  test(`${name}: a save that is for another certificate than stands there changes nothing`, async () => {
    const store = await make();
    const [first, second] = [await pair(), await pair()];
    await store.save(address, first, { replaces: (stored) => stored !== undefined });
    assert.equal(await store.load(address), undefined);
    await store.save(address, first, { replaces: (stored) => stored === undefined });
    await store.save(address, second, { replaces: (stored) => stored?.certificate === second.certificate });
    assert.deepEqual(await store.load(address), first);
    await store.save(address, second, { replaces: (stored) => stored?.certificate === first.certificate });
    assert.deepEqual(await store.load(address), second);
  });
}
