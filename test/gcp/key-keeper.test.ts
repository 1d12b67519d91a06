/** An operator that uploads keys where nobody publishes the issuer: what it remembers, and what makes it forget. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newKey } from "../support/publisher.ts";
import { until } from "../support/until.ts";
import { issuer, keeperWorld, shownBy } from "./keeper-world.ts";

const day = 86_400_000;

describe("an operator that keeps the keys", () => {
  test("remembers in its Secret a key that the cluster lost, so that its successor leaves it for its time", async (t) => {
    const at = await keeperWorld(t);
    const first = at.start();
    const [gone = ""] = shownBy(at);
    await at.has("first", gone);
    const has = "Google project shop-project, provider prod/prod: has them";
    await until("it has looked", async () => {
      await at.clock.advance(500);
      return first.keeper.said.join().startsWith(has);
    });
    await first.end();
    assert.deepEqual([first.keeper.said, first.keeper.degraded], [[], []]);
    at.cluster.keys = [newKey()];
    await at.clock.advance(day / 2);
    const second = at.start();
    await at.has("first", gone, ...shownBy(at));
    await second.end();
    await at.clock.advance(day);
    at.start();
    await at.has(...shownBy(at));
  });

  test("takes a key out at once that somebody distrusts in the Secret, and the cluster shows on", async (t) => {
    const at = await keeperWorld(t);
    at.cluster.keys = [newKey(), newKey()];
    at.start();
    const [stolen = "", other = ""] = shownBy(at);
    await at.has("first", stolen, other);
    assert.equal(await at.distrust(stolen), "Secret podtrust/podtrust-keys");
    await at.has("first", other);
    await at.clock.advance(120_000);
    assert.equal(at.uploaded(), ["first", other].toSorted().join(" "));
  });

  test("is asked again before it distrusts what the cluster may sign with, tells what it remembers, and trusts a key again", async (t) => {
    const at = await keeperWorld(t);
    at.cluster.keys = [newKey(), newKey()];
    at.start();
    const [kid = "", other = ""] = shownBy(at);
    await at.has("first", kid, other);
    await assert.rejects(at.distrust(kid, false), { code: "publisher-key-signs", message: /may|not known/u });
    assert.deepEqual(await at.states(), { [kid]: "current", [other]: "current" });
    await at.distrust(kid, true);
    await at.has("first", other);
    assert.deepEqual(await at.states(), { [kid]: "distrusted", [other]: "current" });
    await assert.rejects(at.distrust(other, true), { code: "publisher-last-key" });
    await assert.rejects(at.restore("nobody"), { code: "publisher-key-unknown" });
    assert.equal(await at.restore(kid), "Secret podtrust/podtrust-keys");
    await at.has("first", kid, other);
  });

  test("says what is missing where there is no Secret, and uploads nothing: a distrusted key might be among them", async (t) => {
    const at = await keeperWorld(t);
    at.cluster.object = undefined;
    assert.deepEqual(
      [await at.distrust("any"), await at.restore("any"), await at.states()],
      [undefined, undefined, undefined],
    );
    const { keeper } = at.start();
    // It looks for its key on the disk, of which the clock knows nothing.
    await until(
      "it says what is missing",
      async () => {
        await at.clock.advance(10_000);
        return /there is no Secret podtrust\/podtrust-keys/u.test(keeper.degraded.join());
      },
      { detail: () => keeper.degraded.join() },
    );
    assert.equal(at.uploaded(), "first");
  });

  test("is not asked to trust a key again where nothing proves that it wrote its Secret", async (t) => {
    const at = await keeperWorld(t);
    const times = { firstSeen: 1, lastSeen: 1, distrustedAt: 1 };
    const keys = [{ jwk: at.cluster.keys[0], ...times }];
    const stored = JSON.stringify({ format: 1, issuer, keys });
    at.cluster.write({ "documents.prod": stored });
    await assert.rejects(at.restore(shownBy(at)[0] ?? ""), { code: "publisher-store-key" });
  });
});
