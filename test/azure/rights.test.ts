/** The role that `manifests azure-role` prints, held to what `up` and `down` ask of Azure. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type AzureStackWorld, azureStackWorld } from "./stack-world.ts";

const identities = "Microsoft.ManagedIdentity/userAssignedIdentities";
const verbs: Readonly<Record<string, string>> = { GET: "read", DELETE: "delete" };

/** The action that Azure asks a right for, of a call as the relay tells it. */
function actionOf(call: string): string {
  const [method = "", path = ""] = call.split(" ");
  const verb = verbs[method] ?? "write";
  if (path === "group") return `Microsoft.Resources/subscriptions/resourceGroups/${verb}`;
  return path.includes("/credentials")
    ? `${identities}/federatedIdentityCredentials/${verb}`
    : `${identities}/${verb}`;
}

describe("the role for Azure", () => {
  let world: AzureStackWorld;
  before(async () => {
    world = await azureStackWorld();
    await world.config("- {name: web, serviceAccounts: [shop/web]}\n");
  });
  after(() => world.close());

  async function role(
    ...args: readonly string[]
  ): Promise<{ Actions: string[]; AssignableScopes: string[] }> {
    const { code, out, err } = await world.podtrust(["manifests", "azure-role", ...args]);
    assert.equal(code, 0, err);
    return JSON.parse(out) as { Actions: string[]; AssignableScopes: string[] };
  }

  test("is what up and down need, and without any action of it they do not do", async () => {
    const { Actions: actions, AssignableScopes: scopes } = await role();
    assert.deepEqual(scopes, [`/subscriptions/${world.azure.subscription}/resourceGroups/podtrust`]);
    assert.ok(actions.length > 5 && actions.every((one) => !one.includes("*")), actions.join());
    const way = async (allowed: readonly string[]): Promise<boolean> => {
      await world.reset();
      world.relay.onCall = (call) => (allowed.includes(actionOf(call)) ? "answered" : "denied");
      const up = await world.podtrust(["up", "--yes"]);
      const down = await world.podtrust(["down", "--yes"]);
      return up.code === 0 && down.code === 0;
    };
    assert.ok(await way(actions));
    for (const one of actions) assert.ok(!(await way(actions.filter((other) => other !== one))), one);
  });

  test("is of one tenant: which, has to be said where the config has several", async () => {
    const other = "99999999-8888-7777-6666-555555555555";
    await world.config(
      "- {name: web, serviceAccounts: [shop/web]}\n",
      "",
      "cluster: {kubeconfig: kubeconfig}\n",
    );
    const more = `  - {tenant: ${other}, subscription: ${other}, resourceGroup: other}\n`;
    await world.append(more);
    const { code, err } = await world.podtrust(["manifests", "azure-role"]);
    assert.equal(code, 2);
    assert.match(
      err,
      new RegExp(`^next: {2}Give --tenant ${world.azure.tenant}, or --tenant ${other}`, "mu"),
    );
    const { AssignableScopes: scopes } = await role("--tenant", other);
    assert.deepEqual(scopes, [`/subscriptions/${other}/resourceGroups/other`]);
  });
});
