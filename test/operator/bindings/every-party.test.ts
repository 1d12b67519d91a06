/** `podtrust plan --bindings` of a folder that has files of every relying party. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { JsonRecord } from "../../../src/core/base/index.ts";
import { partyNames } from "../../../src/rules/bindings/index.ts";
import { type AzureStackWorld, azureStackWorld } from "../../azure/stack-world.ts";
import {
  environmentOf,
  googleBindingsWorld,
  shop as googleGrant,
  trustSpec as googleTrustSpec,
  web,
} from "../../gcp/bindings-world.ts";
import { azureBindingOf, azureTrustOf } from "../../support/bindings/azure-cases.ts";
import { googleBinding, googleTrust } from "../../support/bindings/google.ts";
import { bindingOf, trustOf, trustSpec, webRole } from "../../support/bindings/objects.ts";
import type { CliResult } from "../../support/cli.ts";
import { account } from "../../support/sandbox.ts";
import { readOnly, type Shown, stackWorld } from "../../support/stack-world.ts";

interface EveryWorld {
  readonly azure: AzureStackWorld;
  readonly files: (...objects: readonly JsonRecord[]) => Promise<void>;
  readonly plan: (...more: string[]) => Promise<CliResult>;
}

async function everyWorld(t: TestContext): Promise<EveryWorld> {
  const aws = await stackWorld(t);
  const google = await googleBindingsWorld(t);
  const azure = await azureStackWorld();
  t.after(() => azure.close());
  await azure.reset({ identities: [{ name: "web" }] });
  const env = { ...(await environmentOf(aws.folder, google.google, google.google.adminFile)), ...azure.env };
  const folder = join(aws.folder, "bindings");
  await mkdir(folder);
  return {
    azure,
    files: (...objects) =>
      writeFile(join(folder, "all.json"), JSON.stringify({ apiVersion: "v1", kind: "List", items: objects })),
    plan: (...more) => aws.podtrust(["plan", "--bindings", "bindings", ...more], { env, clock: azure.clock }),
  };
}

const aws = [
  trustOf({
    ...trustSpec,
    accounts: [{ id: account, region: "eu-central-1" }],
    grants: [{ name: "shop", namespaces: ["shop"], accounts: [account], policies: [readOnly] }],
  }),
  bindingOf({ roles: [webRole] }),
];
const google = [
  googleTrust({ ...googleTrustSpec, grants: [googleGrant] }),
  googleBinding({ trust: "default", email: web }),
];
const azureOf = ({ azure }: EveryWorld, name = "web"): readonly JsonRecord[] => [
  azureTrustOf({
    stack: "prod",
    issuer: "https://oidc.example.com",
    tenant: azure.azure.tenant,
    groups: [{ name: "shared", subscription: azure.azure.subscription, resourceGroup: "podtrust" }],
    grants: [{ name: "shop", namespaces: ["shop"], groups: ["shared"], identities: ["web"] }],
  }),
  azureBindingOf({ trust: "default", existing: { name } }),
];

const plansOf = ({ out }: CliResult): readonly (Shown & { readonly trust: string })[] =>
  (JSON.parse(out) as { readonly plans: readonly (Shown & { readonly trust: string })[] }).plans;

describe("podtrust plan --bindings of files of every relying party", () => {
  test("plans each at its own, with a plan for each trust", async (t) => {
    const world = await everyWorld(t);
    await world.files(...azureOf(world), ...google, ...aws);
    const { code, out, err } = await world.plan();
    assert.equal(code, 0, err);
    assert.equal(out.match(/^1 to create\.$/gmu)?.length, 3, out);
    const plans = plansOf(await world.plan("--json"));
    assert.deepEqual(
      plans.map(({ trust, changes }) => `${trust}: ${changes.map((one) => one.kind).join()}`),
      Object.values(partyNames).map(({ trust }) => `${trust.kind} default: create`),
    );
    assert.equal((await world.plan("--check")).code, 3);
  });

  test("shows the others' plans beside a refusal of one, and exits 1", async (t) => {
    const world = await everyWorld(t);
    await world.files(...aws, ...google, ...azureOf(world, "root"));
    const { code, out, err } = await world.plan("--check");
    assert.equal(code, 1);
    assert.equal(out.match(/^1 to create\.$/gmu)?.length, 2, out);
    assert.match(err, /shop\/web: grant shop does not name the existing identity root/u);
  });

  test("tells the mistakes of all before anybody is asked", async (t) => {
    const world = await everyWorld(t);
    const twice = azureOf(world)[1] ?? {};
    await world.files(trustOf({}), googleBinding({}), ...azureOf(world), twice);
    const { code, err } = await world.plan();
    assert.equal(code, 1);
    assert.match(err, /all\.json:\d+: spec\.stack is missing/u);
    assert.match(err, /all\.json:\d+: spec .*exactly one of email and direct/u);
    assert.match(err, /AzureIdentityBinding shop\/web is defined here, and also in all\.json:\d+/u);
    assert.deepEqual(world.azure.relay.calls, []);
  });

  test("refuses a folder without any trust by the kinds that there are", async (t) => {
    const world = await everyWorld(t);
    await world.files({ apiVersion: "v1", kind: "Service", metadata: { name: "web" } });
    assert.match((await world.plan()).err, /bindings holds no AWSTrust, no AzureTrust, no GCPTrust/u);
  });
});
