/** Certificates when a clock is wrong, or time has passed while nobody looked. */
import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { type CertificateBench, servedNames, startCertificateBench } from "../support/certificate-bench.ts";
import { stepUntil } from "../support/steps.ts";

const hour = 3_600_000;
const day = 24 * hour;
let bench: CertificateBench;

describe("certificates when a clock is wrong, or time has passed while nobody looked", () => {
  afterEach(() => bench.close());

  for (const [words, ahead] of [
    ["an hour ahead", hour],
    ["an hour behind", -hour],
  ] as const) {
    test(`our clock ${words} of the CA's: a certificate is had and served, and status names the difference`, async () => {
      bench = await startCertificateBench({ ahead });
      const manager = await bench.start();
      await stepUntil(bench.clock, () => manager.status().ready);
      assert.equal(servedNames(manager), "DNS:oidc.example.com");
      const { clockOffset = 0, attempts } = manager.status();
      assert.ok(Math.abs(clockOffset + ahead) < 10_000, `${clockOffset} ms`);
      assert.equal(attempts, 0);
    });
  }

  test("a certificate that expired while nobody ran is served, is not called ready, and is replaced at once", async () => {
    bench = await startCertificateBench();
    const first = await bench.start();
    await stepUntil(bench.clock, () => first.status().ready);
    const old = first.current();
    await first.close();
    bench.clock.jump(100 * day);
    bench.ca.misbehave({ what: "error" });
    const second = await bench.start();
    assert.deepEqual(second.current(), old);
    assert.equal(second.status().ready, false);
    await stepUntil(bench.clock, () => second.status().state === "failing");
    assert.equal(second.status().renewalReason, "expired");
    assert.deepEqual(second.current(), old);
    bench.ca.misbehave(undefined);
    let ready = false;
    const waiting = second.ready().then(() => (ready = true));
    await stepUntil(bench.clock, () => ready);
    await waiting;
    assert.notEqual(second.current()?.key, old?.key);
  });

  test("a clock that jumps over the time of renewal is noticed within minutes", async () => {
    bench = await startCertificateBench();
    const manager = await bench.start();
    await stepUntil(bench.clock, () => manager.status().state === "valid");
    bench.clock.jump(70 * day);
    await stepUntil(bench.clock, () => manager.status().renewals === 2, { step: 60_000, limit: 15 * 60_000 });
  });

  test("a CA that wants a certificate renewed now is followed as soon as it is asked", async () => {
    bench = await startCertificateBench();
    const manager = await bench.start();
    await stepUntil(bench.clock, () => manager.status().state === "valid");
    const old = manager.current();
    bench.ca.suggestRenewal(old?.certificate ?? "", "https://ca.example/why");
    await stepUntil(bench.clock, () => manager.status().renewals === 2, { step: 600_000, limit: 25 * hour });
    assert.ok(bench.logger.lines.some((line) => line.includes("https://ca.example/why")));
    assert.notEqual(manager.current()?.key, old?.key);
  });
});
