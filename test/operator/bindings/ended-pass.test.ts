/** What bindings of one account share goes on while one of them still waits for it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type BindingOutcome, reconcileBinding } from "../../../src/operator/bindings/index.ts";
import { account, managed, roles, ssm } from "../../support/bindings/objects.ts";
import { readyOf, passWorld } from "../../support/bindings/pass-world.ts";

test("a binding whose reconcile is ended within the look that it shares leaves the other bindings of the account as they are", async (t) => {
  const world = await passWorld(t);
  world.trust({
    stack: "prod",
    issuer: world.sandbox.issuer.issuer,
    accounts: [{ id: account, region: "eu-central-1" }],
    grants: [{ name: "shop", namespaces: ["shop"], accounts: [account], policies: [ssm] }],
  });
  const role = { profile: "default", managed: managed() };
  for (const name of ["web", "api"]) world.bind(roles(role), { name });
  const ended = new AbortController();
  const pass = (name: string, signal: AbortSignal): Promise<BindingOutcome> => {
    const object = world.objects.get(`AWSRoleBinding shop/${name}`);
    assert.ok(object !== undefined);
    const trust = world.objects.get("AWSTrust /default");
    return reconcileBinding({ object, trust, deletedFor: 0 }, world.clients, world.clock, signal);
  };
  // The first look at the account has begun, and both wait for it.
  world.refusal = () => {
    ended.abort(new Error("the reconcile took longer than two minutes"));
    return undefined;
  };
  const [first, second] = await Promise.allSettled([
    pass("web", ended.signal),
    pass("api", new AbortController().signal),
  ]);
  assert.ok(ended.signal.aborted);
  assert.equal(first.status, "rejected");
  assert.ok(second.status === "fulfilled");
  assert.equal(readyOf(second.value), "Unknown RolePending", "its role was made");
});
