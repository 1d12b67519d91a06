/** A tag that a grant forces, and a tenant who writes its key in another case (ABAC goes by such tags). */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ListRoleTagsCommand, TagRoleCommand } from "@aws-sdk/client-iam";
import { systemClock } from "../../../src/core/base/index.ts";
import { decide, readBinding, readTrust } from "../../../src/rules/bindings/index.ts";
import { BoundAccounts } from "../../../src/operator/bindings/index.ts";
import { bindingOf, trustOf, trustSpec, withManaged } from "../../support/bindings/objects.ts";
import { account } from "../../support/sandbox.ts";
import { stackWorld } from "../../support/stack-world.ts";

const { signal } = new AbortController();

describe("a tag that a grant forces", () => {
  test("is what the role has after one pass, whatever a tenant's binding or somebody at AWS wrote", async (t) => {
    const world = await stackWorld(t);
    const read = readTrust(
      trustOf({
        ...trustSpec,
        issuer: world.issuer.issuer,
        accounts: [{ id: account, region: "eu-central-1" }],
        grants: [(trustSpec["grants"] as readonly object[])[0]],
      }),
    );
    assert.ok("object" in read);
    const trust = read.object;

    /** One pass; gives the fields that were changed, or why nothing was. */
    async function pass(tags: readonly object[]): Promise<readonly string[]> {
      const binding = readBinding(bindingOf(withManaged({ tags })));
      if ("problems" in binding) return binding.problems.map(({ message }) => message);
      const decision = decide(binding.object, trust);
      if (decision.kind === "refused") return decision.refusals.map(({ reason }) => reason);
      const roles = decision.roles.flatMap(({ managed }) =>
        managed === undefined
          ? []
          : [{ ...managed, serviceAccounts: ["shop/web"], subjectPatterns: [], sessionName: "test" }],
      );
      // Opened anew, so that the account is looked at anew.
      const accounts = new BoundAccounts({ clock: systemClock });
      const bound = accounts.of(trust, trust.accounts[0] ?? { id: "", region: "" });
      const plan = await bound.plan({ mark: "prod/shop/web", roles }, signal);
      const { done, failed } = await bound.apply(plan, signal);
      accounts.close();
      assert.deepEqual(failed, []);
      return done.flatMap(({ fields }) => fields.map(({ field }) => field));
    }
    const team = async (): Promise<object> => {
      const { Tags = [] } = await world.iam.send(new ListRoleTagsCommand({ RoleName: "prod.shop.web" }));
      return Object.fromEntries(
        Tags.flatMap(({ Key = "", Value }) => (Key.toLowerCase() === "team" ? [[Key, Value]] : [])),
      );
    };

    await pass([]);
    assert.deepEqual(await team(), { team: "shop" });
    assert.deepEqual(await pass([{ key: "Team", value: "platform" }]), ["TagNotGranted"]);
    const twice = ["Team", "TEAM"].map((key) => ({ key, value: "platform" }));
    assert.match((await pass(twice)).join(), /keys that differ in case alone/u);
    assert.deepEqual(await pass([{ key: "TEAM", value: "shop" }]), []);
    const Tags = [{ Key: "Team", Value: "platform" }];
    await world.iam.send(new TagRoleCommand({ RoleName: "prod.shop.web", Tags }));
    assert.deepEqual(await pass([]), ["tags.team"]);
    assert.deepEqual(await team(), { team: "shop" });
    assert.deepEqual(await pass([]), []);
  });
});
