import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { testAuthority } from "../../../test/support/certificates.ts";
import { TestClock } from "../../../test/support/clock.ts";
import { newKey } from "../../../test/support/publisher.ts";
import { silentLogger } from "../../core/base/index.ts";
import { parseConfig } from "../../config/index.ts";
import { createAccountKey } from "../../providers/acme/index.ts";
import { accountText, certificateText } from "../../providers/tls/index.ts";
import type { KnownKey } from "../source/keys.ts";
import { emptyState } from "../source/state.ts";
import { stateText } from "../source/stored-state.ts";
import { lostBy } from "./compare.ts";
import { type PublisherStores, openPublisherStores } from "./stores.ts";
import { planRestore, refuseHalfRestored, type RestoreOptions } from "./restore.ts";
import { type StoredState, readStoredState } from "./state.ts";

const issuer = "https://oidc.example.com";
const directory = "https://ca.example.com/directory";
const account = "ops@example.com";
const day = 86_400_000;
const now = Date.UTC(2026, 10, 28);
const [a, b] = [newKey(), newKey()];
const known = (jwk = a, more: Partial<KnownKey> = {}): KnownKey => ({
  jwk,
  firstSeen: now - 30 * day,
  lastSeen: now - 1000,
  ...more,
});
const documents = (...ring: readonly KnownKey[]): string =>
  stateText({ ...emptyState, ring, confirmedAt: now - 1000, changedAt: now - 2000 }, issuer);
const only = (text: string): StoredState => ({ documents: text, accounts: [], certificates: [] });

/** An account as it is kept. */
function anAccount(uri: string): string {
  return accountText(directory, account, { key: createAccountKey().pem, uri });
}

async function aCertificate(notAfter: number): Promise<string> {
  const authority = await testAuthority();
  const names = ["oidc.example.com"];
  const pair = await authority.issue(names, { notAfter: new Date(notAfter) });
  return certificateText({ directory, account, names }, pair);
}

async function emptyPlaces(t: TestContext): Promise<PublisherStores & { readonly stateDir: string }> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-kept-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const publisher = { stateDir: join(folder, "state"), https: { acme: { directory, email: account } } };
  const text = JSON.stringify({ stack: "prod", issuer, publisher });
  const config = await parseConfig(text, join(folder, "podtrust.yaml"), {});
  const places = await openPublisherStores(config, {
    clock: new TestClock(now),
    logger: silentLogger,
    env: {},
  });
  return { ...places, stateDir: join(folder, "state") };
}

const options = (
  places: PublisherStores,
  kept: StoredState,
  more: Partial<RestoreOptions> = {},
): RestoreOptions => ({
  places,
  stack: "prod",
  issuer,
  kept,
  now,
  keyRetention: day,
  replace: false,
  vouchers: { shown: [a, b], ids: [] },
  ...more,
});

/** Restores, and gives what is kept afterwards. */
async function restored(...input: Parameters<typeof options>): Promise<StoredState> {
  await (await planRestore(options(...input))).apply();
  return readStoredState(input[0], issuer);
}

describe("a restore of what a publisher keeps", () => {
  test("into an empty place gives back accounts and certificate byte for byte, and again changes nothing", async (t) => {
    const places = await emptyPlaces(t);
    const kept: StoredState = {
      documents: documents(known(a), known(b, { distrustedAt: now - day })),
      accounts: [anAccount("https://ca.example.com/1")],
      certificates: [await aCertificate(now + 30 * day)],
    };
    const plan = await planRestore(options(places, kept));
    assert.deepEqual([plan.published, plan.distrusted], [[a.kid], [b.kid]]);
    await assert.rejects(readdir(places.stateDir), /ENOENT/u);
    await plan.apply();
    const after = await readStoredState(places, issuer);
    assert.deepEqual([after.accounts, after.certificates], [kept.accounts, kept.certificates]);
    assert.deepEqual(await lostBy(kept, after, issuer), []);
    const again = await planRestore(options(places, kept));
    assert.deepEqual(
      again.steps.map(({ does }) => does),
      ["same", "same", "same"],
    );
    assert.deepEqual((await readdir(places.stateDir)).sort(), ["certificates", "publisher"]);
  });

  test("never takes a distrust back, whichever is older, and whatever the backup says was taken back", async (t) => {
    const out = known(a, { distrustedAt: now - 500 });
    for (const [there, backup] of [
      [out, known(a)],
      [known(a), out],
      [out, known(a, { takenBack: now - 500 })],
      [out, known(a, { distrustedAt: now - 900 })],
    ] as const) {
      const places = await emptyPlaces(t);
      await restored(places, only(documents(there, known(b))));
      const plan = await planRestore(options(places, only(documents(backup, known(b)))));
      await plan.apply();
      assert.deepEqual([plan.published, plan.distrusted], [[b.kid], [a.kid]]);
    }
  });

  test("has a key count as gone since it was last seen, so that the cluster's first answer ends its time", async (t) => {
    const places = await emptyPlaces(t);
    const [old, future] = [known(a, { lastSeen: now - 40 * day }), known(b, { lastSeen: now + 40 * day })];
    const { documents: text = "" } = await restored(places, only(documents(old, future)));
    const { keys } = JSON.parse(text) as { keys: readonly KnownKey[] };
    const since = new Map(keys.map(({ jwk, absentSince }) => [jwk.kid, absentSince]));
    assert.equal(since.get(a.kid), now - 40 * day);
    assert.equal(since.get(b.kid), now);
  });

  test("takes no key that neither the cluster nor the name shows, not even under a kid that they show", async (t) => {
    const forged = { ...newKey(), kid: a.kid };
    for (const backup of [known(b), known(forged)]) {
      const places = await emptyPlaces(t);
      const vouchers = { shown: [a], ids: [] };
      const plan = await planRestore(options(places, only(documents(backup)), { vouchers }));
      assert.deepEqual([plan.published, plan.left.map(({ kid }) => kid)], [[], [backup.jwk.kid]]);
      await plan.apply();
      assert.equal((await readStoredState(places, issuer)).documents, undefined);
    }
  });

  test("takes a key that a person hands over by its ID, which is made from the key, and knows no ID that none has", async (t) => {
    const forged = { ...newKey(), kid: b.kid };
    const vouchers = { shown: [], ids: [b.kid] };
    const good = only(documents(known(b), known(a)));
    const plan = await planRestore(options(await emptyPlaces(t), good, { vouchers }));
    assert.deepEqual([plan.published, plan.left], [[b.kid], [{ kid: a.kid, id: a.kid }]]);
    await assert.rejects(
      planRestore(options(await emptyPlaces(t), only(documents(known(forged))), { vouchers })),
      { code: "publisher-key-unknown" },
    );
  });

  test("takes a key that is here already, and no distrust that would leave none of the keys that are shown", async (t) => {
    const places = await emptyPlaces(t);
    await restored(places, only(documents(known(b))));
    const vouchers = { shown: [a], ids: [] };
    const backup = only(documents(known(a, { distrustedAt: now - 500 }), known(b)));
    const plan = await planRestore(options(places, backup, { vouchers }));
    assert.deepEqual([plan.published, plan.distrusted, plan.withheld], [[b.kid], [], [a.kid]]);
  });

  test("believes a backup neither for how long a key is known nor which one signs", async (t) => {
    const places = await emptyPlaces(t);
    const { documents: text = "" } = await restored(
      places,
      only(documents(known(a, { firstSeen: 0, signed: { first: 0, last: now + day } }))),
    );
    const { keys } = JSON.parse(text) as { keys: readonly KnownKey[] };
    assert.deepEqual([keys[0]?.firstSeen, keys[0]?.signed], [now, undefined]);
  });

  test("refuses another account than the one that is there, and with --replace sets that one aside", async (t) => {
    const places = await emptyPlaces(t);
    const [mine, other] = [anAccount("https://ca.example.com/1"), anAccount("https://ca.example.com/2")];
    await restored(places, { accounts: [mine], certificates: [] });
    const kept: StoredState = { ...only(documents(known(a))), accounts: [other] };
    await assert.rejects(planRestore(options(places, kept)), {
      code: "backup-newer",
      message: /ca\.example\.com\/1/u,
    });
    assert.equal((await readStoredState(places, issuer)).documents, undefined);
    const after = await restored(places, kept, { replace: true });
    assert.deepEqual(after.accounts, [other]);
    const aside = (await readdir(places.stateDir)).find((name) => name.startsWith("replaced-")) ?? "";
    assert.deepEqual(JSON.parse(await readFile(join(places.stateDir, aside), "utf8")), [JSON.parse(mine)]);
  });

  test("keeps a certificate that lasts longer than the backup's", async (t) => {
    const places = await emptyPlaces(t);
    const [long, short] = [await aCertificate(now + 60 * day), await aCertificate(now + 30 * day)];
    await restored(places, { accounts: [], certificates: [short] });
    assert.deepEqual((await restored(places, { accounts: [], certificates: [long] })).certificates, [long]);
    assert.deepEqual((await restored(places, { accounts: [], certificates: [short] })).certificates, [long]);
  });

  test("leaves out accounts and certificates that the config has no place for", async (t) => {
    const places = await emptyPlaces(t);
    const elsewhere = accountText("https://other.example.com/dir", account, { key: createAccountKey().pem });
    const names = ["evil.example.com"];
    const pair = await (await testAuthority()).issue(names);
    const certificate = certificateText({ directory, account, names }, pair);
    const kept: StoredState = { accounts: [elsewhere], certificates: [certificate] };
    const { steps } = await planRestore(options(places, kept));
    assert.deepEqual(
      steps.map(({ does }) => does),
      ["leave", "leave"],
    );
    const after = await restored(places, kept);
    assert.deepEqual([after.accounts, after.certificates], [[], []]);
  });

  test("is refused for damaged texts, another issuer's documents, and where what is there cannot be read", async (t) => {
    const places = await emptyPlaces(t);
    for (const text of [
      "nonsense",
      "{}",
      documents(known(a), known(a)),
      documents(known(a)).replace(issuer, "https://x.test"),
    ])
      await assert.rejects(planRestore(options(places, only(text))), { code: "backup-damaged" }, text);
    const kept: StoredState = { accounts: ['{"format":1}'], certificates: [] };
    await assert.rejects(planRestore(options(places, kept)), { code: "certificate-store-invalid" });
    await restored(places, only(documents(known(a))));
    await writeFile(join(places.stateDir, "publisher", "prod.json"), "damaged", { mode: 0o600 });
    await assert.rejects(planRestore(options(places, only(documents(known(b))))), { code: "backup-newer" });
  });

  test("that was cut off anywhere is seen by the publisher, and made again comes to the same", async (t) => {
    const kept: StoredState = {
      documents: documents(known(a), known(b, { distrustedAt: now - day })),
      accounts: [anAccount("https://ca.example.com/1")],
      certificates: [await aCertificate(now + 30 * day)],
    };
    const whole = await restored(await emptyPlaces(t), kept);
    for (const writes of [0, 1, 2]) {
      const places = await emptyPlaces(t);
      const { certificates } = places;
      assert.ok(certificates !== undefined);
      let left = writes;
      const cut = <Rest extends readonly unknown[], Result>(
        save: (...rest: Rest) => Promise<Result>,
      ): ((...rest: Rest) => Promise<Result>) => {
        return (...rest) => {
          left -= 1;
          return left < 0 ? Promise.reject(new Error("cut")) : save(...rest);
        };
      };
      const broken: PublisherStores = {
        ...places,
        documents: {
          ...places.documents,
          load: () => places.documents.load(),
          save: cut((state) => places.documents.save(state)),
        },
        certificates: {
          load: (address) => certificates.load(address),
          loadAccount: (...name) => certificates.loadAccount(...name),
          lock: (name) => certificates.lock(name),
          save: cut((...saved: Parameters<typeof certificates.save>) => certificates.save(...saved)),
          saveAccount: cut((...saved: Parameters<typeof certificates.saveAccount>) =>
            certificates.saveAccount(...saved),
          ),
        },
      };
      await assert.rejects(restored(broken, kept), /cut/u);
      await assert.rejects(refuseHalfRestored(places.stateDir), { code: "restore-unfinished" });
      // What is distrusted comes before everything else.
      const half = await readStoredState(places, issuer);
      if (half.accounts.length > 0) assert.equal(half.documents, whole.documents);
      assert.deepEqual(await restored(places, kept), whole);
      await refuseHalfRestored(places.stateDir);
    }
  });
});
