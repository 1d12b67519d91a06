/** A CA that answers 429, 500, nothing or nonsense: what is served goes on being served, and status says why. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { CaFault } from "../../src/sandbox/ca/index.ts";
import type { CertificateManager } from "../../src/providers/tls/index.ts";
import { type ChainMistakes, testHierarchy } from "../support/certificates.ts";
import { type CertificateBench, servedNames, startCertificateBench } from "../support/certificate-bench.ts";
import { stepUntil } from "../support/steps.ts";

const hour = 3_600_000;
let bench: CertificateBench;
let manager: CertificateManager;

/** Asks for a new certificate while the CA does this; gives the code and the seconds until the next attempt. */
async function under(
  fault: CaFault,
): Promise<{ code: string | undefined; next: string | undefined; wait: number }> {
  const before = manager.current();
  bench.ca.misbehave(fault);
  let ended = false;
  const renewal = manager.renewNow().then(
    () => assert.fail("it was given a certificate"),
    () => (ended = true),
  );
  await stepUntil(bench.clock, () => ended, { limit: 24 * hour });
  await renewal;
  await stepUntil(bench.clock, () => manager.status().nextAttempt !== undefined, { step: 1 });
  const { lastError, state, ready, nextAttempt = 0 } = manager.status();
  assert.deepEqual([state, ready], ["failing", true]);
  assert.deepEqual(manager.current(), before, "the old certificate goes on being served");
  assert.ok(bench.logger.lines.some((line) => line.startsWith("error no new certificate this time")));
  return { code: lastError?.code, next: lastError?.next, wait: (nextAttempt - bench.clock.now()) / 1000 };
}

async function recovers(limit: number): Promise<void> {
  bench.ca.misbehave(undefined);
  const before = manager.current();
  await stepUntil(bench.clock, () => manager.status().state === "valid", { step: 30_000, limit });
  assert.notEqual(manager.current()?.key, before?.key);
  assert.equal(servedNames(manager), "DNS:oidc.example.com");
  assert.equal(manager.status().lastError, undefined);
}

describe("a CA that misbehaves", () => {
  beforeEach(async () => {
    bench = await startCertificateBench();
    manager = await bench.start();
    await stepUntil(bench.clock, () => manager.status().state === "valid");
  });

  afterEach(() => bench.close());

  test("429 with Retry-After is waited for before the CA is asked again", async () => {
    const { code, wait, next } = await under({ what: "rate-limit", retryAfter: 7200, at: ["newOrder"] });
    assert.equal(code, "acme-rate-limited");
    assert.ok(wait > 7100 && wait <= 7200, `${wait} s`);
    assert.match(next ?? "", /staging/u);
    await recovers(3 * hour);
  });

  test("500 on everything is tried again at the schedule's own pace", async () => {
    const { code, wait } = await under({ what: "error" });
    assert.equal(code, "acme-unavailable");
    assert.ok(wait > 30 && wait <= 60, `${wait} s`);
    await recovers(hour);
  });

  test("500 with Retry-After in the middle of an order is waited for", async () => {
    const { code, wait } = await under({ what: "error", retryAfter: 600, at: ["finalize"] });
    assert.equal(code, "acme-unavailable");
    assert.ok(wait > 500 && wait <= 600, `${wait} s`);
    await recovers(hour);
  });

  test("a CA that is too slow for a whole certificate is given up, and the next one is asked", async () => {
    const next = await startCertificateBench();
    try {
      bench.ca.misbehave({ what: "hang", at: ["newOrder"] });
      const slow = { ...bench.issuer, timeoutMs: 600_000, certificateMs: 500 };
      const fresh = await bench.start({
        issuers: [slow, next.issuer],
        solvers: [next.listeners.http01],
        store: next.store,
      });
      await stepUntil(bench.clock, () => fresh.status().ready);
      assert.equal(fresh.status().from, next.ca.directoryUrl);
      assert.ok(bench.logger.lines.some((line) => /no certificate within 0\.5 s/u.test(line)));
    } finally {
      await next.close();
    }
  });

  test("nonsense in place of an order is an error, and nothing is installed", async () => {
    const { code } = await under({ what: "nonsense", at: ["newOrder"] });
    assert.equal(code, "acme-answer-invalid");
    await recovers(hour);
  });

  test("nonsense in place of a certificate is an error, and nothing is installed", async () => {
    const { code } = await under({ what: "nonsense", at: ["certificate"] });
    assert.equal(code, "acme-answer-invalid");
    await recovers(hour);
  });

  /** What a CA gives in place of the chain that it has just made: one for the same key, with a mistake. */
  async function badChain(mistakes: ChainMistakes): Promise<CaFault> {
    const hierarchy = await testHierarchy(bench.clock.now(), "Other");
    return {
      what: "lie",
      at: ["certificate"],
      async lie(answer) {
        const leaf = new X509Certificate(answer.body as string);
        const spki = leaf.publicKey.export({ type: "spki", format: "der" });
        return { ...answer, body: (await hierarchy.chain(["oidc.example.com"], mistakes, spki)).certificate };
      },
    };
  }

  const badChains: Readonly<Record<string, readonly [ChainMistakes, RegExp]>> = {
    "whose intermediate has expired": [
      { intermediate: { notAfter: new Date("2026-11-01T00:00:00Z") } },
      /Other Intermediate has expired/u,
    ],
    "whose intermediate is missing": [{ give: ["leaf"] }, /an intermediate is missing/u],
    "that is for clients only": [{ leaf: { usage: "client" } }, /not for servers/u],
    "whose intermediate is no CA": [{ intermediate: { notCa: true } }, /is no CA/u],
    "that another key has signed": [{ forged: true }, /not signed by the one after it/u],
    "that has expired already": [{ leaf: { notAfter: new Date("2026-11-01T00:00:00Z") } }, /has expired/u],
  };
  for (const [which, [mistakes, words]] of Object.entries(badChains)) {
    test(`a renewed certificate ${which} does not replace the good one`, async () => {
      const { code, wait } = await under(await badChain(mistakes));
      assert.equal(code, "acme-certificate-invalid");
      assert.match(manager.status().lastError?.message ?? "", words);
      assert.ok(wait > 30 && wait <= 60, `${wait} s`);
      await recovers(hour);
    });
  }

  test("a certificate of another hierarchy that is whole does replace the one before", async () => {
    bench.ca.misbehave(await badChain({}));
    let renewed = false;
    const renewal = manager.renewNow().then(() => (renewed = true));
    await stepUntil(bench.clock, () => renewed);
    await renewal;
    assert.match(new X509Certificate(manager.current()?.certificate ?? "").issuer, /Other Intermediate/u);
  });

  test("a Retry-After of a year is kept to for a quarter of the life that is left, and for six hours with nothing to serve", async () => {
    const year: CaFault = { what: "rate-limit", retryAfter: 31_536_000, at: ["newOrder"] };
    const { wait } = await under(year);
    const left = ((manager.status().notAfter ?? 0) - bench.clock.now()) / 1000;
    assert.ok(Math.abs(wait - left / 4) < 60, `${wait} s of ${left} s`);
    const fresh = await bench.start({ names: ["new.example.com"] });
    await stepUntil(bench.clock, () => fresh.status().nextAttempt !== undefined);
    assert.equal(fresh.status().lastError?.code, "acme-rate-limited");
    assert.ok((fresh.status().nextAttempt ?? Infinity) - bench.clock.now() <= 6 * hour);
    bench.ca.misbehave(undefined);
    await stepUntil(bench.clock, () => fresh.status().ready, { step: 60_000, limit: 7 * hour });
  });

  test("a CA that is gone at the start leaves nothing to serve, and one that comes back is used", async () => {
    bench.ca.misbehave({ what: "nonsense", at: ["directory"] });
    const fresh = await bench.start({ names: ["new.example.com"] });
    await stepUntil(bench.clock, () => fresh.status().state === "failing");
    assert.equal(fresh.current(), undefined);
    assert.equal(fresh.status().ready, false);
    assert.equal(fresh.status().lastError?.code, "acme-directory-invalid");
    bench.ca.misbehave(undefined);
    await stepUntil(bench.clock, () => fresh.status().ready);
    assert.equal(servedNames(fresh), "DNS:new.example.com");
  });
});

test("a CA that never answers is given up at the end of a request's time, and asked again later", async () => {
  bench = await startCertificateBench();
  try {
    manager = await bench.start({ issuers: [{ ...bench.issuer, timeoutMs: 1000 }] });
    await stepUntil(bench.clock, () => manager.status().state === "valid");
    const { code } = await under({ what: "hang", at: ["newOrder"] });
    assert.equal(code, "http-timeout");
    await recovers(hour);
  } finally {
    await bench.close();
  }
});
