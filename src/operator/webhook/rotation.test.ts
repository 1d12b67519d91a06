import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import { fingerprintOf, makeAuthority, signServing, termOf } from "./certificates.ts";
import {
  type CertificateRecord,
  certificateRecordText,
  noCertificates,
  readCertificateRecord,
} from "./certificate-record.ts";
import { type Lives, nextStep, type Step, defaultLives } from "./rotation.ts";

const minute = 60_000;
const day = 1440 * minute;
const start = Date.parse("2026-11-26T00:00:00Z");
const name = "podtrust-webhook.podtrust.svc";

/** The leader, its Secret and the configuration, in one. */
class World {
  record: CertificateRecord = noCertificates;
  bundle = "";
  now = start;
  steps: string[] = [];
  readonly lives: Lives;

  constructor(lives: Lives = defaultLives) {
    this.lives = lives;
  }

  async #do(step: Step): Promise<void> {
    const { record, now, lives } = this;
    switch (step.do) {
      case "make-authority": {
        const authority = await makeAuthority({ now, life: lives.authority });
        this.record = { ...record, authorities: [...record.authorities, authority] };
        break;
      }
      case "publish":
        this.bundle = step.bundle;
        break;
      case "note-trust":
        this.record = {
          ...record,
          authorities: record.authorities.map((one) => ({ trustedAt: now, ...one })),
        };
        break;
      case "sign": {
        const pair = await signServing(step.authority, [name], { now, life: lives.serving });
        this.record = { ...record, serving: { ...pair, at: now, by: fingerprintOf(step.authority) } };
        break;
      }
      case "forget":
        this.record = { ...record, authorities: step.keep };
    }
  }

  /** One look of the leader, all steps of it; whether something was done. What stands in the Secret is read anew. */
  async look(): Promise<boolean> {
    for (let count = 0; count < 20; count += 1) {
      this.record = readCertificateRecord(certificateRecordText(this.record));
      const step = nextStep({
        record: this.record,
        bundles: [this.bundle, this.bundle],
        name,
        now: this.now,
      });
      if (step === undefined) return count > 0;
      this.steps.push(step.do);
      await this.#do(step);
    }
    return assert.fail(`no end of steps: ${this.steps.slice(-20).join(" ")}`);
  }

  get shown(): string {
    return this.record.serving?.certificate ?? "";
  }
}

/** Whether one of the bundle signed it, which does not change with time. */
const signers = new Map<string, X509Certificate | undefined>();
function signerIn(bundle: string, certificate: string): X509Certificate | undefined {
  const key = certificate + bundle;
  if (!signers.has(key)) {
    const leaf = new X509Certificate(certificate);
    const roots = (bundle.match(/-----BEGIN[^]+?-----END CERTIFICATE-----/gu) ?? []).map(
      (one) => new X509Certificate(one),
    );
    signers.set(
      key,
      roots.find((root) => leaf.checkIssued(root) && leaf.verify(root.publicKey)),
    );
  }
  return signers.get(key);
}

/** What Go's verifier asks: signed by one of the bundle, both good at this time, and for this name. */
function verifies(certificate: string, bundle: string, now: number): boolean {
  const leaf = new X509Certificate(certificate);
  const isGood = (one: X509Certificate): boolean =>
    Date.parse(one.validFrom) <= now && now < Date.parse(one.validTo);
  const root = signerIn(bundle, certificate);
  return root !== undefined && isGood(leaf) && isGood(root) && leaf.checkHost(name) === name;
}

describe("the rotation of the webhook's certificates", () => {
  test("begins with an authority that is trusted before it signs, and then rests", async () => {
    const world = new World();
    await world.look();
    assert.deepEqual(world.steps, ["make-authority", "publish", "note-trust", "sign"]);
    assert.ok(verifies(world.shown, world.bundle, world.now));
    assert.equal(await world.look(), false);
  });

  test("goes through three years such that an API server nine minutes behind, and a replica half an hour behind, agree", async () => {
    const world = new World();
    await world.look();
    /** What was shown and what was trusted, with the time from which on. */
    const shown = [{ from: world.now, text: world.shown }];
    const trusted = [{ from: world.now, text: world.bundle }];
    const since = (list: typeof shown, ago: number): readonly string[] =>
      list
        .filter((_, index) => (list[index + 1]?.from ?? Infinity) > world.now - ago)
        .map(({ text }) => text);
    let changedAt = world.now;
    const end = start + 3 * 365 * day;
    while (world.now < end) {
      world.now += world.now - changedAt < 100 * minute ? 4 * minute : day;
      if (await world.look()) changedAt = world.now;
      if (shown.at(-1)?.text !== world.shown) shown.push({ from: world.now, text: world.shown });
      if (trusted.at(-1)?.text !== world.bundle) trusted.push({ from: world.now, text: world.bundle });
      for (const certificate of since(shown, 30 * minute))
        for (const bundle of since(trusted, 9 * minute))
          assert.ok(verifies(certificate, bundle, world.now), new Date(world.now).toISOString());
    }
    const count = (what: Step["do"]): number => world.steps.filter((step) => step === what).length;
    assert.deepEqual([count("make-authority"), count("forget"), world.record.authorities.length], [5, 4, 1]);
    assert.ok(count("sign") >= 18);
  });

  test("begins anew where all has expired while nothing ran", async () => {
    const world = new World();
    await world.look();
    world.now += 2 * 365 * day;
    world.steps = [];
    await world.look();
    assert.deepEqual(world.steps, ["forget", "make-authority", "publish", "note-trust", "sign"]);
    assert.ok(verifies(world.shown, world.bundle, world.now));
  });

  test("signs at once, by an authority that is trusted, where the certificate has expired, is lost or has another name", async () => {
    const world = new World();
    await world.look();
    const { serving, authorities } = world.record;
    assert.ok(serving !== undefined);
    const [authority] = authorities;
    assert.ok(authority !== undefined);
    const other = await signServing(authority, ["other.svc"], { now: world.now, life: day });
    for (const record of [{ authorities }, { authorities, serving: { ...serving, ...other } }]) {
      world.record = record;
      world.steps = [];
      await world.look();
      assert.deepEqual(world.steps, ["sign"]);
      assert.ok(verifies(world.shown, world.bundle, world.now));
    }
    world.now += 100 * day;
    world.steps = [];
    await world.look();
    assert.deepEqual(world.steps, ["sign"]);
  });

  test("restores a bundle that another party changed, and removes what was put into it", async () => {
    const world = new World();
    await world.look();
    const { bundle } = world;
    const foreign = await makeAuthority({ now: world.now, life: day });
    for (const tampered of ["", bundle + foreign.certificate, foreign.certificate]) {
      world.bundle = tampered;
      world.steps = [];
      await world.look();
      assert.deepEqual([world.steps, world.bundle], [["publish"], bundle]);
    }
  });

  test("does not wait for the day that a clock which was wrong had noted", async () => {
    const world = new World();
    world.now = start + 200 * day;
    await world.look();
    world.now = start;
    assert.equal(termOf({ certificate: world.shown }).from > world.now, true);
    world.steps = [];
    // A new authority is made in time all the same, and takes over.
    world.now = start + 444 * day;
    await world.look();
    world.now += 11 * minute;
    await world.look();
    world.now += 61 * minute;
    await world.look();
    assert.equal(world.record.authorities.length, 1);
    assert.ok(verifies(world.shown, world.bundle, world.now));
  });

  test("a damaged entry differs from a missing one", () => {
    for (const text of [
      "",
      "[]",
      "{",
      '{"authorities":[{}]}',
      '{"authorities":[{"certificate":"x","key":"y"}]}',
      '{"authorities":[],"serving":{}}',
    ])
      assert.throws(() => readCertificateRecord(text), Error, text);
    assert.deepEqual(readCertificateRecord(certificateRecordText(noCertificates)), noCertificates);
  });
});
