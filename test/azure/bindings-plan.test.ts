/** `podtrust plan --bindings` at Azure: what passes would write, by their own judges, and what they refuse. */
import assert from "node:assert/strict";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import type { JsonRecord } from "../../src/core/base/index.ts";
import { boundCredentialName } from "../../src/providers/azure/index.ts";
import type { CliResult } from "../support/cli.ts";
import type { Shown } from "../support/stack-world.ts";
import { type AzureBindingsWorld, azureBindingsWorld, bindingOf, readyOf } from "./bindings-world.ts";
import { audience, subjectOf } from "./stack-world.ts";

const shop: JsonRecord = { name: "shop", namespaces: ["shop"], identities: ["shop-*", "web"], create: true };
const web = { existing: { name: "web" } };

describe("podtrust plan --bindings of Azure's files", () => {
  let world: AzureBindingsWorld;
  before(async () => {
    world = await azureBindingsWorld();
  });
  beforeEach(async () => {
    await world.reset({ identities: [{ name: "web" }] });
    world.grants(shop);
  });
  after(() => world?.stop());

  const trust = (): JsonRecord => {
    const { subscription, tenant } = world.azure.azure;
    const groups = [{ name: "shared", subscription, resourceGroup: "podtrust" }];
    const spec = {
      stack: "prod",
      issuer: world.issuer,
      tenant,
      groups,
      grants: [{ groups: ["shared"], ...shop }],
    };
    const metadata = { name: "default" };
    return { apiVersion: "podtrust.dev/v1alpha1", kind: "AzureTrust", metadata, spec };
  };

  async function files(...objects: readonly JsonRecord[]): Promise<void> {
    const folder = join(world.azure.folder, "bindings");
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    for (const [index, one] of objects.entries())
      await writeFile(join(folder, `${index}.json`), JSON.stringify(one));
  }
  const plan = (...more: string[]): Promise<CliResult> =>
    world.azure.podtrust(["plan", "--bindings", "bindings", ...more]);
  const planned = async (): Promise<{ readonly code: number | null } & Omit<Shown, "code">> => {
    const { code, out, err } = await plan("--json");
    const { plans } = JSON.parse(out) as { readonly plans: readonly Shown[] };
    const [first] = plans;
    assert.ok(first !== undefined && plans.length === 1, err);
    return { ...first, code };
  };
  const idsOf = ({ changes }: Pick<Shown, "changes">): readonly string[] =>
    changes.map(({ id, kind }) => `${kind} ${id.replace(/^azure\/[^/]+\/podtrust\//u, "")}`);

  /** Somebody else writes a credential of an identity. */
  async function written(name: string, more: JsonRecord = {}, identity = "web"): Promise<void> {
    const pair = { issuer: world.issuer, subject: subjectOf("shop/web") };
    const path = world.azure.arm(`/${identity}/federatedIdentityCredentials/${name}`);
    await world.azure.ask("PUT", path, { properties: { ...pair, audiences: [audience], ...more } });
  }

  test("shows the identity and the credential that a pass would make, and makes neither", async () => {
    await files(trust(), bindingOf(web), bindingOf({ managed: {} }, { name: "api" }));
    world.writes();
    const { code, out, err } = await plan();
    assert.equal(code, 0, err);
    assert.match(out, /^AzureTrust default, stack prod, issuer https:/mu);
    assert.match(out, /^Azure tenant \S+, subscription \S+, resource group podtrust at http\S+, as /mu);
    const shown = await planned();
    assert.deepEqual(idsOf(shown), [
      "create credentials/web/shop/web",
      "create identity/prod_shop_api",
      "create credentials/prod_shop_api/shop/api",
    ]);
    assert.equal((await plan("--check")).code, 3);
    assert.deepEqual(world.writes(), []);
    assert.deepEqual(await world.azure.standing(), ["web"]);
  });

  test("shows nothing to do where passes have done it", async () => {
    await files(trust(), bindingOf(web));
    world.bind(web);
    assert.equal(readyOf(await world.settled()), "True AssertionAccepted");
    const { code, out, err } = await plan("--check");
    assert.equal(code, 0, err);
    assert.match(out, /^Nothing to do, 1 unchanged\.$/mu);
  });

  test("refuses what a pass refuses: another's identity, one that is not there, and a name that is taken", async () => {
    await world.reset({ identities: [{ name: "web" }, { name: "root" }, { name: "prod_shop_api" }] });
    await files(
      trust(),
      bindingOf({ existing: { name: "root" } }),
      bindingOf({ existing: { name: "shop-lost" } }, { name: "lost" }),
      bindingOf({ managed: {} }, { name: "api" }),
    );
    const { code, refusals, changes } = await planned();
    assert.equal(code, 1);
    const said = refusals.map(({ code: one, message }) => `${one} ${message}`).join("\n");
    assert.match(said, /binding-refused shop\/web: grant shop does not name the existing identity root/u);
    assert.match(said, /binding-refused shop\/lost: there is no identity \S+\/shop-lost$/mu);
    assert.match(said, /plan-name-taken .*prod_shop_api/u);
    assert.deepEqual(
      changes.filter(({ kind }) => kind === "create").map(({ id }) => id.replace(/^.*\/podtrust\//u, "")),
      ["credentials/prod_shop_api/shop/api"],
    );
  });

  test("counts what the files themselves add: the one beyond 20 credentials of an identity is refused, by name", async () => {
    const theirs = Array.from({ length: 18 }, (_, index) => ({
      name: `theirs-${index}`,
      issuer: world.issuer,
      subject: subjectOf(`shop/other-${index}`),
    }));
    await world.reset({ identities: [{ name: "web", credentials: theirs }] });
    const three = ["a", "b", "c"].map((name) => bindingOf(web, { name }));
    await files(trust(), ...three);
    const shown = await planned();
    assert.deepEqual(idsOf(shown), ["create credentials/web/shop/a", "create credentials/web/shop/b"]);
    assert.match(
      shown.refusals.map(({ message }) => message).join(),
      /^shop\/c: identity web would have 21 /u,
    );
    assert.equal(shown.code, 1);
    const { err } = await plan();
    assert.doesNotMatch(err, /Ask for what a grant allows/u);
  });

  test("makes no second credential for the same issuer and subject, and refuses one for another audience", async () => {
    await written("theirs");
    await files(trust(), bindingOf(web));
    const fine = await planned();
    assert.deepEqual([fine.code, idsOf(fine)], [0, []]);
    assert.match(
      fine.warnings.join(),
      /^shop\/web: .*credential theirs, which is not podtrust's: no second one/u,
    );
    await written("theirs", { audiences: ["api://other"] });
    const { code, refusals } = await planned();
    assert.equal(code, 1);
    assert.match(refusals[0]?.message ?? "", /^shop\/web: the federated credential theirs .*api:\/\/other$/u);
  });

  test("shows that what has no file any more goes, before others come, and stays with --upsert-only or where one is refused", async () => {
    world.bind(web);
    world.bind({ managed: {} }, { name: "api" });
    await world.settled("web");
    await world.settled("api");
    const next = bindingOf(web, { name: "next" });
    await files(trust(), next);
    assert.deepEqual(idsOf(await planned()), [
      "delete credentials/prod_shop_api/shop/api",
      "delete credentials/web/shop/web",
      "delete identity/prod_shop_api",
      "create credentials/web/shop/next",
    ]);
    const { out } = await plan("--upsert-only", "--json");
    assert.deepEqual(idsOf((JSON.parse(out) as { plans: [Shown] }).plans[0]), [
      "create credentials/web/shop/next",
    ]);
    await files(trust(), next, bindingOf({ existing: { name: "root" } }));
    assert.deepEqual(idsOf(await planned()), ["create credentials/web/shop/next"]);
  });

  test("leaves an identity that was made for a binding where it lets others in", async () => {
    world.bind({ managed: {} }, { name: "api" });
    await world.settled("api");
    await written("theirs", { subject: subjectOf("shop/other") }, "prod_shop_api");
    await files(trust());
    const shown = await planned();
    assert.deepEqual(idsOf(shown), ["delete credentials/prod_shop_api/shop/api"]);
    assert.match(
      shown.warnings.join(),
      /made for the binding shop\/api, .*stays: others let .* in by theirs$/u,
    );
  });

  test("touches no credential of another cluster's stack of the same name", async () => {
    const pair = { issuer: "https://other.example.com", subject: subjectOf("shop/web") };
    await written(boundCredentialName("prod", pair), pair);
    await files(trust());
    assert.deepEqual(idsOf(await planned()), []);
  });

  test("says what is missing, and what to do: the trust of a binding, or credentials for Azure", async () => {
    await files(bindingOf(web));
    const orphan = await plan();
    assert.equal(orphan.code, 1);
    assert.match(orphan.err, /shop\/web: there is no AzureTrust default among the files/u);
    assert.match(
      orphan.err,
      /Put the AzureTrust default beside them, or leave the AzureIdentityBinding out/u,
    );
    await files(trust(), bindingOf(web));
    const typed = ["plan", "--bindings", "bindings"];
    const { code, err } = await world.azure.podtrust(typed, { env: {} });
    assert.equal(code, 1);
    assert.match(err, /^code: {2}azure-credentials-missing$/mu);
    assert.match(err, /Set AZURE_CLIENT_ID/u);
  });

  test("gives up an Azure that does not answer, and tells of one that answers something else", async () => {
    await files(trust(), bindingOf(web));
    world.azure.relay.onCall = () => "unavailable";
    assert.match((await plan()).err, /^code: {2}azure-unavailable$/mu);
    world.azure.relay.onCall = () => "answered";
    world.azure.relay.answer = (call) =>
      call === "GET identities" ? { value: [{ name: "../x" }] } : undefined;
    assert.match((await plan()).err, /^code: {2}azure-answer-invalid$/mu);
  });
});
