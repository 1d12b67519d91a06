/** The certificate manager with stand-in CAs: several of them, external accounts, staging, and a CA that forgot us. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { StandInCa, StandInCaOptions } from "../../src/sandbox/ca/index.ts";
import { startAuthority } from "../../src/sandbox/ca/index.ts";
import {
  AcmeAccounts,
  type CertificateIssuer,
  type CertificateManager,
  type CertificateStore,
  fileStore,
  startCertificateManager,
} from "../../src/providers/tls/index.ts";
import { type ChallengeListeners, startChallengeListeners } from "../support/challenge-listeners.ts";
import { TestClock } from "../support/clock.ts";
import { stepUntil } from "../support/steps.ts";

let clock: TestClock;
let listeners: ChallengeListeners;
let store: CertificateStore;
let folder: string;
let closing: (() => Promise<void>)[];

async function startCa(options: StandInCaOptions = {}): Promise<StandInCa> {
  const ca = await startAuthority({ clock, connectTo: listeners.connectTo, ...options });
  closing.push(() => ca.close());
  return ca;
}

const issuerOf = (ca: StandInCa, more: Partial<CertificateIssuer> = {}): CertificateIssuer => ({
  directory: ca.directoryUrl,
  ca: ca.tlsCa,
  ...more,
});

async function startManager(issuers: readonly CertificateIssuer[]): Promise<CertificateManager> {
  const manager = await startCertificateManager({
    names: ["oidc.example.com"],
    issuers,
    store,
    solvers: [listeners.tlsAlpn01],
    termsOfServiceAgreed: true,
    clock,
  });
  closing.push(() => manager.close());
  return manager;
}

describe("the certificate manager with stand-in CAs", () => {
  beforeEach(async () => {
    clock = new TestClock();
    listeners = await startChallengeListeners();
    folder = mkdtempSync(join(tmpdir(), "podtrust-manager-"));
    store = fileStore({ directory: folder, clock });
    closing = [];
  });

  afterEach(async () => {
    for (const close of closing.reverse()) await close();
    await listeners.close();
    rmSync(folder, { recursive: true });
  });

  test("a second CA with an external account takes over when the first only fails", async () => {
    const hmacKey = Buffer.alloc(32, 9).toString("base64url");
    const first = await startCa();
    const second = await startCa({ externalAccounts: { "kid-9": hmacKey } });
    first.misbehave({ what: "error", at: ["newOrder"] });
    const manager = await startManager([
      issuerOf(first),
      issuerOf(second, { email: "ops@example.com", externalAccount: { kid: "kid-9", hmacKey } }),
    ]);
    await stepUntil(clock, () => manager.status().ready);
    assert.equal(manager.status().from, second.directoryUrl);
    assert.deepEqual(
      manager.accounts().map((one) => one.directory),
      [first.directoryUrl, second.directoryUrl],
    );
  });

  test("fifty issuers, each with a folder of its own, make one account at a CA, without waiting for one another", async () => {
    const ca = await startCa();
    const accounts = new AcmeAccounts({ clock });
    const managers: CertificateManager[] = [];
    for (let index = 0; index < 50; index += 1) {
      const manager = await startCertificateManager({
        names: [`issuer-${index}.example.com`],
        issuers: [issuerOf(ca, { email: "ops@example.com" })],
        store: fileStore({ directory: join(folder, String(index)), clock }),
        accounts,
        solvers: [listeners.tlsAlpn01],
        termsOfServiceAgreed: true,
        clock,
      });
      closing.push(() => manager.close());
      managers.push(manager);
    }
    // The clock stands still: whoever waited for a lock to be looked at again would wait forever.
    const made = await Promise.all(managers.map((manager) => manager.accountsReady()));
    assert.equal(new Set(made.flat().map(({ uri }) => uri)).size, 1);
  });

  test("after a failure at production nothing is asked of it until its staging has issued", async () => {
    const [production, staging] = [await startCa(), await startCa()];
    production.misbehave({ what: "error", at: ["newOrder"] });
    staging.misbehave({ what: "nonsense", at: ["newOrder"] });
    const manager = await startManager([
      issuerOf(production, { staging: staging.directoryUrl, ca: [production.tlsCa, staging.tlsCa] }),
    ]);
    await stepUntil(clock, () => manager.status().attempts === 2);
    production.misbehave(undefined);
    await stepUntil(clock, () => manager.status().attempts === 3);
    assert.equal(manager.status().lastError?.code, "acme-answer-invalid", "staging's");
    assert.equal(production.issued().length, 0);
    staging.misbehave(undefined);
    await stepUntil(clock, () => manager.status().ready);
    assert.deepEqual([staging.issued().length, production.issued().length], [1, 1]);
    assert.equal(manager.status().from, production.directoryUrl);
  });

  test("a CA that has forgotten our account is given it anew, with the same key", async () => {
    const before = await startCa();
    const port = Number(new URL(before.directoryUrl).port);
    const manager = await startManager([issuerOf(before)]);
    await stepUntil(clock, () => manager.status().state === "valid");
    const key = (await store.loadAccount(before.directoryUrl, ""))?.key;
    await manager.close();
    closing.length = 0;
    await before.close();
    const restarted = await startCa({ port });
    const again = await startManager([issuerOf(restarted)]);
    assert.equal(again.status().ready, true);
    let renewed = false;
    const renewal = again.renewNow().then(() => (renewed = true));
    await stepUntil(clock, () => renewed);
    await renewal;
    assert.equal(restarted.issued().length, 1);
    assert.equal((await store.loadAccount(restarted.directoryUrl, ""))?.key, key);
  });

  test("two managers that share a store obtain one certificate between them", async () => {
    const ca = await startCa();
    const managers = [await startManager([issuerOf(ca)]), await startManager([issuerOf(ca)])];
    await stepUntil(clock, () => managers.every((manager) => manager.status().ready));
    assert.equal(managers[0]?.current()?.certificate, managers[1]?.current()?.certificate);
    assert.equal(ca.issued().length, 1);
  });
});
