/** Every credential of the table, and a checkout whose writer wants it. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { attacks } from "./attacks.ts";
import { type Checkout, hostileCheckout } from "./checkout.ts";

describe("a credential that a foreign checkout wants for its writer's servers", () => {
  let checkout: Checkout;

  before(async () => {
    checkout = await hostileCheckout();
  });
  beforeEach(() => void checkout.heard());
  after(() => checkout.close());

  for (const [name, one] of Object.entries(attacks).flatMap(([row, tries]) =>
    tries.map((attack) => [row, attack] as const),
  ))
    test(`does not get there: ${name}, by ${one.tries}`, async () => {
      const said = (await one.attack(checkout)).replaceAll(/\s+/gu, " ");
      assert.equal(checkout.heard(), "", "nothing was sent at all");
      assert.match(said, one.refusal);
      assert.ok(!said.replaceAll(/\/\S+/gu, "").includes(one.secret), "nor shown");
    });
});
