/** What the API server's policy lets pass because judging it costs too much: the operator judges it, without such a bound. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { account } from "../../support/bindings/objects.ts";
import { wideBinding, wideTrust } from "../../support/bindings/grants.ts";
import { readyOf, passWorld } from "../../support/bindings/pass-world.ts";

test("a binding that admission cannot judge for its price is refused by the operator, which makes nothing for it", async (t) => {
  const world = await passWorld(t);
  world.trust({
    stack: "prod",
    issuer: world.sandbox.issuer.issuer,
    accounts: [{ id: account, region: "eu-central-1" }],
    ...wideTrust,
  });
  world.bind(wideBinding);
  const outcome = await world.pass();
  assert.equal(readyOf(outcome), "False TagNotGranted");
  const granted = outcome.conditions.find(({ type }) => type === "Granted");
  assert.equal(`${granted?.status} ${granted?.reason}`, "False TagNotGranted");
  assert.deepEqual(world.changes(), []);
  assert.deepEqual(await world.roles(), []);
});
