import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decideRenewal, selectRenewal } from "./renewal.ts";
import { attemptDelay, certificateRetries } from "./retry-schedule.ts";

const hour = 3_600_000;
const day = 24 * hour;
const ari = (selected: number) => ({ start: 0, end: 100 * day, selected, checkAt: 0 });

describe("the time of renewal", () => {
  test("without the CA's answer a certificate is replaced with a third of its life left, half below ten days", () => {
    const life = (days: number) => decideRenewal({ now: 0, notBefore: 0, notAfter: days * day });
    assert.deepEqual(life(90), { at: 60 * day, reason: "life-left" });
    assert.deepEqual(life(45), { at: 30 * day, reason: "life-left" });
    assert.deepEqual(life(10), { at: day * (10 - 10 / 3), reason: "life-left" });
    assert.deepEqual(life(9.9), { at: 4.95 * day, reason: "life-left" });
    assert.equal(life(160 / 24).at, 80 * hour, "Let's Encrypt's 160 hours");
  });

  test("the CA's answer comes first, earlier and later", () => {
    const facts = { now: day, notBefore: 0, notAfter: 90 * day };
    assert.deepEqual(decideRenewal({ ...facts, renewal: ari(0) }), { at: 0, reason: "ari" });
    assert.deepEqual(decideRenewal({ ...facts, renewal: ari(80 * day) }), { at: 80 * day, reason: "ari" });
  });

  test("the CA's answer does not count below a twentieth of the life", () => {
    const facts = { now: day, notBefore: 0, notAfter: 100 * day };
    assert.deepEqual(decideRenewal({ ...facts, renewal: ari(95 * day) }), { at: 95 * day, reason: "ari" });
    assert.deepEqual(decideRenewal({ ...facts, renewal: ari(99 * day) }), {
      at: 95 * day,
      reason: "ari-too-late",
    });
    assert.deepEqual(decideRenewal({ ...facts, renewal: ari(500 * day) }), {
      at: 95 * day,
      reason: "ari-too-late",
    });
  });

  test("below a fiftieth it is an emergency, and then it has expired", () => {
    const facts = { notBefore: 0, notAfter: 100 * day, renewal: ari(200 * day) };
    assert.deepEqual(decideRenewal({ ...facts, now: 98 * day }), { at: 98 * day, reason: "emergency" });
    assert.deepEqual(decideRenewal({ ...facts, now: 99 * day }), { at: 98 * day, reason: "emergency" });
    assert.deepEqual(decideRenewal({ ...facts, now: 100 * day }), { at: 100 * day, reason: "expired" });
    assert.deepEqual(decideRenewal({ ...facts, now: 300 * day }), { at: 100 * day, reason: "expired" });
  });

  test("a moment is drawn within the window once, and anew only for another window", () => {
    const info = { start: 1000, end: 2000, explanationUrl: undefined, retryAfter: 60 };
    const first = selectRenewal(info, undefined, { now: 5, random: () => 0.25 });
    assert.deepEqual(first, { start: 1000, end: 2000, selected: 1250, checkAt: 65 });
    const again = selectRenewal(info, first, { now: 65, random: () => 0.75 });
    assert.deepEqual(again, { start: 1000, end: 2000, selected: 1250, checkAt: 125 });
    const moved = selectRenewal({ ...info, end: 1500, explanationUrl: "https://x" }, first, {
      now: 0,
      random: () => 0,
    });
    assert.deepEqual(moved, {
      start: 1000,
      end: 1500,
      selected: 1000,
      checkAt: 60,
      explanationUrl: "https://x",
    });
    assert.ok(selectRenewal(info, undefined, { now: 0, random: () => 1 - 2 ** -40 }).selected < 2000);
  });

  test("attempts come 1, 2, 2, 5, 10, 10, 10, 20 … minutes apart, at most 6 hours, for 30 days; then once a day", () => {
    const minutes = Array.from({ length: 27 }, (_, index) => attemptDelay(index + 1, 0, false) / 60_000);
    const [...wanted] = [
      1, 2, 2, 5, 10, 10, 10, 20, 20, 20, 20, 30, 30, 30, 30, 30, 30, 60, 60, 60, 120, 120, 180, 180,
    ];
    assert.deepEqual(minutes, [...wanted, 360, 360, 360]);
    assert.equal(certificateRetries.giveUpAfter, 30 * day);
    assert.equal(attemptDelay(500, 29.8 * day, false), 24 * hour);
    assert.equal(attemptDelay(500, 29.7 * day, false), 6 * hour);
  });

  test("with little life left no wait is longer than an hour", () => {
    assert.equal(attemptDelay(1, 0, true), 60_000);
    assert.equal(attemptDelay(40, 0, true), hour);
    assert.equal(attemptDelay(900, 100 * day, true), hour);
  });
});
