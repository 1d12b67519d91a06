/** AWS comes after the issuer that the same run makes: it is waited for, and not complained of before. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Clock } from "../../src/core/base/index.ts";
import { configText, stackWorld } from "../support/stack-world.ts";

// With --only nobody connects to it.
const machine = `
machine: {ssh: {address: 192.0.2.7, user: root, hostKey: "SHA256:${"A".repeat(43)}"}}
publisher: {https: {acme: {}}}
`;
const start = Date.parse("2026-11-25T12:00:00Z");

/** A clock on which nobody waits; told of each wait. */
function quickClock(onSleep: (waited: number) => void): Clock {
  let now = start;
  return {
    now: () => now,
    elapsed: () => now - start,
    sleep: (ms) => {
      now += ms;
      onSleep(now - start);
      return Promise.resolve();
    },
  };
}

describe("an issuer that the same run makes", () => {
  test("the OIDC provider is made once the issuer answers, with the reason of each wait", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer, "", machine));
    world.issuer.pages.clear();
    const plan = await world.podtrust(["plan", "--only", "oidc-provider"]);
    assert.equal(plan.code, 0, plan.err);
    assert.doesNotMatch(plan.err, /up makes no OIDC provider/u);
    const clock = quickClock((waited) => {
      if (waited >= 60_000) world.issuer.publish([world.key.jwk]);
    });
    const up = await world.podtrust(["up", "--yes", "--only", "oidc-provider"], { clock });
    assert.equal(up.code, 0, up.err);
    assert.match(up.err, /cannot be read from outside: .*404/u);
    assert.deepEqual(world.changes(), ["iam:CreateOpenIDConnectProvider"]);
  });

  test("an issuer that does not answer within ten minutes is told as one that cannot be read", async (t) => {
    const world = await stackWorld(t);
    await world.config(configText(world.issuer.issuer, "", machine));
    world.issuer.pages.clear();
    let last = 0;
    const clock = quickClock((waited) => (last = waited));
    const up = await world.podtrust(["up", "--yes", "--only", "oidc-provider"], { clock });
    assert.equal(up.code, 1);
    assert.match(up.err, /issuer-unreached/u);
    assert.ok(last > 590_000 && last <= 600_000, String(last));
    assert.deepEqual(world.changes(), []);
  });
});
