/**
 * Somebody who may write the Secret that a publisher's replicas share, and nothing else: here its certificates, accounts and
 * challenges. By an account or a challenge of his he would get a certificate for the issuer's name from the CA.
 */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import * as fc from "fast-check";
import { PodtrustError } from "../../../src/core/base/index.ts";
import { createAccountKey, type PresentedChallenge } from "../../../src/providers/acme/index.ts";
import { type KubernetesObject, type ObjectRef, proofOf } from "../../../src/providers/kubernetes/index.ts";
import { microTime } from "../../../src/providers/kubernetes/lease-record.ts";
import type { CertificateManager } from "../../../src/providers/tls/index.ts";
import { startCertificateManager } from "../../../src/providers/tls/certificate-manager.ts";
import { accountFile, certificateFile, certificateText } from "../../../src/providers/tls/stored.ts";
import { SharedStore } from "../../../src/publisher/replicas/store.ts";
import { testAuthority } from "../../support/certificates.ts";
import { TestClock } from "../../support/clock.ts";
import { type FakeCas, fakeCas } from "../../support/fake-authority.ts";
import { OneSecret } from "../../support/one-secret.ts";
import { MemoryLog } from "../../support/publisher.ts";
import { storeKey } from "../../support/replicas.ts";
import { runs } from "../../support/runs.ts";
import { stepUntil } from "../../support/steps.ts";

const minute = 60_000;
const host = "oidc.example.test";
const directory = "https://ca.example/directory";
const address = { directory, account: "", names: [host] };
const certificate = `certificate.${certificateFile(address).replaceAll("@", "_")}`;
const account = `account.${accountFile(directory, "")}`;
const proofFor = (entry: string): string => `proof.${entry}`;
// corev1.MaxSecretSize: the API server takes no more data.
const maxSecret = 1_048_576;

/** The API server, as far as replicas have rights: one Secret of bounded size, and one Lease. */
class OneStore {
  readonly secret = new OneSecret();
  lease: KubernetesObject | undefined;

  read(ref: ObjectRef): Promise<KubernetesObject | undefined> {
    return ref.kind === "Lease" ? Promise.resolve(this.lease) : this.secret.read();
  }

  create(object: KubernetesObject): Promise<KubernetesObject> {
    return Promise.resolve((this.lease = object));
  }

  replace(object: KubernetesObject): Promise<KubernetesObject> {
    if (object.kind === "Lease") return Promise.resolve((this.lease = object));
    const size = Object.values(object["data"] as Record<string, string>).join("").length * 0.75;
    if (size > maxSecret)
      return Promise.reject(new PodtrustError("cluster-answer-invalid", "data: Too long: 1048576"));
    return this.secret.replace(object);
  }
}

interface Replicas {
  readonly clock: TestClock;
  readonly cluster: OneStore;
  readonly cas: FakeCas;
  readonly log: MemoryLog;
  readonly open: (keys?: readonly string[]) => SharedStore;
  readonly start: () => Promise<CertificateManager>;
}

async function replicas(t: TestContext): Promise<Replicas> {
  const clock = new TestClock();
  const cluster = new OneStore();
  const cas = await fakeCas(clock);
  const log = new MemoryLog();
  const ends: (() => Promise<void>)[] = [];
  t.after(() => Promise.all(ends.map((end) => end())));
  const names = { namespace: "podtrust", name: "podtrust-publisher" };
  const open = (keys: readonly string[] = [storeKey]): SharedStore => {
    const store = new SharedStore(names, { cluster, clock, logger: log, keys: () => Promise.resolve(keys) });
    ends.push(() => store.close());
    return store;
  };
  const start = async (): Promise<CertificateManager> => {
    const issuers = [{ directory }];
    const how = { names: [host], issuers, store: open().certificates, solvers: [], clock, logger: log };
    const manager = await startCertificateManager({ ...how, termsOfServiceAgreed: true }, cas.open);
    ends.push(() => manager.close());
    return manager;
  };
  return { clock, cluster, cas, log, open, start };
}

const orders = ({ cas }: Replicas): number => cas.asked.filter((line) => line.startsWith("obtain")).length;

/** One replica that has a certificate, which the Secret has too. */
async function served(t: TestContext): Promise<Replicas & { manager: CertificateManager; text: string }> {
  const all = await replicas(t);
  const manager = await all.start();
  await stepUntil(all.clock, () => manager.status().state === "valid");
  await all.clock.advance(minute);
  const text = all.cluster.secret.text(certificate) ?? "";
  assert.ok(text.includes("BEGIN CERTIFICATE"));
  return { ...all, manager, text };
}

/** A certificate of his own for the same name, newer than what is served. */
async function foreignText(clock: TestClock): Promise<string> {
  const authority = await testAuthority();
  const dates = {
    notBefore: new Date(clock.now() - 1000),
    notAfter: new Date(clock.now() + 3_650 * 86_400_000),
  };
  return certificateText(address, await authority.issue([host], dates));
}

const challenge = (type: string): PresentedChallenge => ({
  type,
  identifier: { type: "dns", value: host },
  wildcard: false,
  token: "t0ken-of-somebody-else",
  keyAuthorization: "t0ken-of-somebody-else.thumbprint-of-his-account",
});

describe("who may write the Secret that replicas share", () => {
  test("has no certificate of his served: forged, under another name's proof, proven by another stack's key, or without a proof", async (t) => {
    const { clock, cluster, manager, text, log, ...all } = await served(t);
    const [own, proof] = [manager.current()?.certificate, cluster.secret.text(proofFor(certificate)) ?? ""];
    const foreign = await foreignText(clock);
    const proofs = [
      "",
      proof,
      proofOf("o".repeat(43), certificate, foreign),
      proofOf(storeKey, account, foreign),
    ];
    for (const one of proofs) {
      cluster.secret.write(certificate, foreign);
      cluster.secret.write(proofFor(certificate), one);
      await clock.advance(minute);
      assert.equal(manager.current()?.certificate, own);
      // A new one finds the replicas' own again, and asks no CA.
      assert.equal(cluster.secret.text(certificate), text);
      const fresh = await all.start();
      assert.equal(fresh.current()?.certificate, own);
    }
    assert.equal(orders({ clock, cluster, log, ...all }), 1);
    assert.match(log.of("error").join("\n"), /certificate\..*: it was not written by a replica/u);
  });

  test("has a replica that starts alone order its own, and not count as one that never had any", async (t) => {
    const all = await replicas(t);
    const foreign = await foreignText(all.clock);
    all.cluster.secret.write(certificate, foreign);
    const manager = await all.start();
    assert.equal(manager.current(), undefined);
    assert.equal(manager.status().first, undefined);
    await stepUntil(all.clock, () => manager.status().state === "valid");
    assert.ok(!foreign.includes(JSON.stringify(manager.current()?.certificate)));
    assert.equal(orders(all), 1);
  });

  test("brings no order at the CA by deleting every entry each minute, and no older certificate by writing old ones back", async (t) => {
    const all = await served(t);
    const { clock, cluster, manager, cas } = all;
    const old = cluster.secret.object["data"] as Record<string, string>;
    await clock.advance(11 * minute);
    const renewed = manager.renewNow();
    await stepUntil(clock, () => manager.status().renewals === 2);
    await renewed;
    const asked = cas.asked.length;
    const own = manager.current()?.certificate;
    for (let minutes = 0; minutes < 60; minutes += 1) {
      if (minutes % 2 === 0) cluster.secret.delete(certificate);
      else
        for (const [entry, text] of Object.entries(old))
          cluster.secret.write(entry, Buffer.from(text, "base64").toString());
      await clock.advance(minute);
      assert.equal(manager.current()?.certificate, own);
      if (minutes % 10 < 2) assert.equal((await all.start()).current()?.certificate, own);
    }
    assert.deepEqual(
      cas.asked.slice(asked).filter((line) => line.startsWith("obtain")),
      [],
    );
  });

  test("has no account of his used: a CA would let him have certificates for what was proven to it", async (t) => {
    const { cluster, open, log } = await replicas(t);
    const { certificates } = open();
    const his = { key: createAccountKey().pem, uri: `${directory}/account/666` };
    const text = JSON.stringify({ format: 1, directory, account: "", ...his });
    cluster.secret.write(account, text);
    assert.equal(await certificates.loadAccount(directory, ""), undefined);
    cluster.secret.write(proofFor(account), proofOf(storeKey, certificate, text));
    assert.equal(await certificates.loadAccount(directory, ""), undefined);
    const ours = { key: createAccountKey().pem };
    const replaces = (there: unknown): boolean => there === undefined;
    assert.equal(await certificates.saveAccount(directory, "", ours, { replaces }), true);
    assert.deepEqual(await open().certificates.loadAccount(directory, ""), ours);
    assert.match(log.of("error").join("\n"), /account\..*: it was not written by a replica/u);
  });

  test("has no challenge of his answered, and those of the replicas are", async (t) => {
    const { cluster, open, clock } = await replicas(t);
    const [presenting, asked] = [open().challenges, open().challenges];
    for (const type of ["http-01", "tls-alpn-01"]) {
      const entry = `challenge.${type}.${challenge(type).token}`;
      cluster.secret.write(entry, JSON.stringify({ ...challenge(type), at: clock.now() }));
    }
    const inTime = async <T>(answer: Promise<T>): Promise<T> => {
      let isThere = false;
      void answer.then(() => (isThere = true));
      await stepUntil(clock, () => isThere);
      return answer;
    };
    assert.equal(await inTime(asked.findHttp01(challenge("http-01").token)), undefined);
    assert.equal(await inTime(asked.findTlsAlpn01(host)), undefined);
    const local = { type: "http-01", present: async () => {}, cleanup: async () => {} };
    const own = { ...challenge("http-01"), token: "ours", keyAuthorization: "ours.thumbprint" };
    await presenting.solver(local).present(own);
    assert.equal(await inTime(asked.findHttp01("ours")), "ours.thumbprint");
    assert.equal(cluster.secret.text(`challenge.http-01.${challenge("http-01").token}`), undefined);
  });

  test("blocks no replica by filling the Secret up to what an API server takes", async (t) => {
    const all = await served(t);
    const { clock, cluster, text } = all;
    for (const entry of ["junk", "documents.other", "certificate.junk"])
      cluster.secret.write(entry, "x".repeat(340_000));
    cluster.secret.delete(certificate);
    await clock.advance(minute);
    assert.equal(cluster.secret.text(certificate), text);
  });

  test("stops by their Lease nothing but renewals, which count as failures after an hour", async (t) => {
    const { clock, cluster, manager } = await served(t);
    const own = manager.current()?.certificate;
    const renewed = manager.renewNow();
    const outcome = assert.rejects(renewed, { code: "deadline-exceeded" });
    for (let minutes = 0; minutes < 70; minutes += 1) {
      const time = microTime(clock.now());
      const spec = {
        holderIdentity: "him",
        leaseDurationSeconds: 2_000_000,
        acquireTime: time,
        renewTime: time,
        leaseTransitions: minutes,
      };
      cluster.lease = {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { namespace: "podtrust", name: "podtrust-publisher", resourceVersion: `his-${minutes}` },
        spec,
      };
      await clock.advance(minute);
      assert.equal(manager.current()?.certificate, own);
    }
    await outcome;
    assert.ok(manager.status().attempts > 0);
  });

  test("has nothing ordered by a replica without a key, which could keep nothing and would order at each start", async (t) => {
    const { cluster, clock, open } = await replicas(t);
    const { certificates } = open([]);
    const code = "publisher-store-key";
    await assert.rejects(certificates.lock("certificate"), { code });
    await assert.rejects(certificates.saveAccount(directory, "", { key: createAccountKey().pem }), { code });
    assert.equal(await certificates.load(address), undefined);
    // What was written before there were keys is served on, and nothing that another key proves.
    cluster.secret.write(certificate, await foreignText(clock));
    assert.notEqual(await certificates.load(address), undefined);
    cluster.secret.write(proofFor(certificate), "of another key");
    await assert.rejects(certificates.load(address), { code });
  });

  test("whatever he writes for an hour, replicas serve their own certificate, and one that starts orders none", async (t) => {
    const entries = [certificate, account, proofFor(certificate), proofFor(account), "holder"];
    const any = fc.record({
      entry: fc.constantFrom(...entries),
      what: fc.constantFrom("foreign", "deleted", "cut", "another entry", "garbage", "huge"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(any, { minLength: 30, maxLength: 30 }), async (writes) => {
        const all = await served(t);
        const { clock, cluster, manager } = all;
        const own = manager.current()?.certificate;
        const foreign = await foreignText(clock);
        for (const { entry, what } of writes) {
          const standing = cluster.secret.text(entry) ?? "";
          const texts: Record<string, string> = {
            foreign,
            cut: standing.slice(0, -10),
            garbage: "{",
            huge: "x".repeat(600_000),
            "another entry":
              cluster.secret.text(entry === certificate ? proofFor(certificate) : certificate) ?? "",
          };
          if (what === "deleted") cluster.secret.delete(entry);
          else cluster.secret.write(entry, texts[what] ?? "");
          await clock.advance(2 * minute);
          assert.equal(manager.current()?.certificate, own);
        }
        const fresh = await all.start();
        assert.equal(fresh.current()?.certificate, own);
        assert.equal(orders(all), 1);
      }),
      { numRuns: runs(3) },
    );
  });
});
