import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Config } from "../../../config/index.ts";
import { boundsOf, federatedParties, type FederatedParty } from "../../../rules/oidc/index.ts";
import type { PartContext } from "../part.ts";
import {
  openTofuOfParties,
  partsOfParties,
  partySights,
  relyingParty,
  theftAnswersOfParties,
} from "./index.ts";

const none = { gcp: [], azure: [], openbao: [] } satisfies Pick<Config, FederatedParty>;

describe("the row of a relying party", () => {
  for (const name of federatedParties)
    test(`${name} has its own limits, rules, part, injection and exchange`, async () => {
      const { limits, ...modules } = relyingParty(name);
      assert.equal(limits, boundsOf(name));
      assert.equal(typeof (await modules.rules()), "function");
      assert.equal(typeof (await modules.part()).parts, "function");
      assert.equal(typeof (await modules.injection()), "object");
      assert.equal(typeof (await modules.exchange()), "function");
    });

  test("is another for each", async () => {
    for (const member of ["rules", "part", "injection", "exchange"] as const) {
      const all = await Promise.all(federatedParties.map((name) => relyingParty(name)[member]()));
      assert.equal(new Set(all).size, federatedParties.length, member);
    }
  });
});

test("a config that declares no relying party beside AWS has no parts, no OpenTofu, no sights and no answers to a theft of any", async () => {
  const context = { config: none } as unknown as PartContext;
  assert.deepEqual(await partsOfParties(context), []);
  assert.deepEqual(await openTofuOfParties(none), []);
  assert.deepEqual(await partySights(context), []);
  assert.deepEqual(await theftAnswersOfParties(context), []);
});

test("a config's relying parties, and those alone, are written in OpenTofu", async () => {
  const declared = { ...none, openbao: [{}] } as unknown as Pick<Config, FederatedParty>;
  const { openTofu } = await relyingParty("openbao").part();
  assert.deepEqual(await openTofuOfParties(declared), [openTofu]);
});
