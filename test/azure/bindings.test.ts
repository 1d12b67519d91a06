/** Passes of AzureIdentityBinding and AzureTrust, against the sandbox's Azure, with tokens that a cluster minted. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { boundCredentialName } from "../../src/providers/azure/index.ts";
import { type AzureBindingsWorld, azureBindingsWorld, eventsOf, readyOf, saidBy } from "./bindings-world.ts";
import { audience, subjectOf } from "./stack-world.ts";

const shop = { name: "shop", namespaces: ["shop"], identities: ["shop-*", "web"], create: true };
const web = { existing: { name: "web" } };

describe("a binding at Azure", () => {
  let world: AzureBindingsWorld;
  const nameOf = (account = "shop/web"): string =>
    boundCredentialName("prod", { issuer: world.issuer, subject: subjectOf(account) });

  before(async () => {
    world = await azureBindingsWorld();
  });
  beforeEach(async () => {
    await world.reset({ identities: [{ name: "web" }] });
    world.grants(shop);
  });
  after(() => world?.stop());

  /** Somebody else writes a credential of the identity web. */
  async function written(name: string, more: object = {}): Promise<void> {
    const properties = {
      issuer: world.issuer,
      subject: subjectOf("shop/web"),
      audiences: [audience],
      ...more,
    };
    const path = world.azure.arm(`/web/federatedIdentityCredentials/${name}`);
    await world.azure.ask("PUT", path, { properties });
  }
  const namesAt = async (identity = "web"): Promise<readonly string[]> =>
    (await world.azure.credentials(identity)).map(({ name }) => name);

  test("leaves its credential closed after a theft, says so, and is Ready again once a person opened it", async () => {
    world.bind(web);
    await world.settled();
    const closedIssuer = world.issuer.replace("https://", "https://closed-after-theft.invalid/");
    await written(nameOf(), { issuer: closedIssuer });
    world.clock.move(300_000);
    assert.ok(saidBy(await world.settled()).includes("Ready False ClosedAfterTheft"));
    const [one, ...others] = await world.azure.credentials("web");
    assert.deepEqual([one?.issuer, others], [closedIssuer, []]);
    await written(nameOf());
    world.clock.move(300_000);
    assert.ok(saidBy(await world.settled()).includes("Ready True AssertionAccepted"));
  });

  test("adds one federated credential, names the identity at the ServiceAccount, and is Ready by an exchange with Entra", async () => {
    world.bind(web);
    assert.deepEqual(saidBy(await world.settled()), [
      "Granted True BindingGranted",
      "IdentityInSync True FederatedCredentialsMatch",
      "ServiceAccount True ServiceAccountFound",
      "Ready True AssertionAccepted",
    ]);
    const [one, ...others] = await world.azure.credentials("web");
    assert.deepEqual(others, []);
    assert.deepEqual(
      [one?.name, one?.issuer, one?.subject, one?.audiences],
      [nameOf(), world.issuer, subjectOf("shop/web"), [audience]],
    );
    const clientId = world.azure.clientId("web");
    assert.deepEqual(world.annotations(), {
      "azure.workload.identity/client-id": clientId,
      "azure.workload.identity/tenant-id": world.azure.azure.tenant,
    });
    assert.deepEqual(
      [world.identity()?.clientId, world.identity()?.credential, world.identity()?.managed],
      [clientId, nameOf(), false],
    );
  });

  test("that nothing happens to is left alone for five minutes, without a call to Azure", async () => {
    world.bind(web);
    await world.settled();
    // What it wrote is looked at once more.
    await world.pass();
    const calls = world.azure.relay.calls.length;
    const outcome = await world.pass();
    assert.deepEqual([outcome.changes, outcome.events, outcome.againIn], [[], [], 300_000]);
    assert.equal(world.azure.relay.calls.length, calls);
  });

  test("finds an identity by its resource id, whatever its case", async () => {
    const { subscription } = world.azure.azure;
    const resourceId = `/subscriptions/${subscription}/resourcegroups/PODTRUST/providers/Microsoft.ManagedIdentity/userAssignedIdentities/Web`;
    world.bind({ existing: { resourceId } });
    assert.equal(readyOf(await world.settled()), "True AssertionAccepted");
    assert.deepEqual(await namesAt(), [nameOf()]);
  });

  test("has an identity made that carries its mark, and takes it along when it goes", async () => {
    world.bind({ managed: {} });
    assert.equal(readyOf(await world.settled()), "True AssertionAccepted");
    const made = (await world.azure.identities()).find(({ name }) => name === "prod_shop_web");
    assert.deepEqual(made?.tags, { "podtrust-stack": "prod/shop/web", "podtrust-format": "1" });
    world.remove("AzureIdentityBinding", "web");
    const gone = await world.settled();
    assert.deepEqual([gone.againIn, gone.events], [undefined, []]);
    assert.deepEqual(
      (await world.azure.identities()).map(({ name }) => name),
      ["web"],
    );
    assert.deepEqual(world.annotations(), {});
  });

  test("loses its credential with its grant, keeps its identity, and has both again with the grant", async () => {
    world.bind({ managed: {} });
    await world.settled();
    const { principalId } = world.identity() ?? {};
    world.grants({ ...shop, create: false });
    assert.equal(readyOf(await world.settled()), "False CreationNotGranted");
    assert.deepEqual(await namesAt("prod_shop_web"), []);
    world.grants(shop);
    assert.equal(readyOf(await world.settled()), "True AssertionAccepted");
    assert.equal(world.identity()?.principalId, principalId);
    assert.ok(principalId !== undefined);
  });

  test("that is no binding of its kind any more, or is refused, keeps what a grant allows, and no longer", async () => {
    for (const [spec, reason] of [
      [{ existing: { name: "web" }, managed: {} }, "BindingInvalid"],
      [{ existing: { name: "root" } }, "IdentityNotGranted"],
    ] as const) {
      world.grants(shop);
      world.bind(web);
      await world.settled();
      world.bind(spec);
      assert.equal(readyOf(await world.settled()), `False ${reason}`);
      assert.deepEqual(await namesAt(), [nameOf()]);
      world.grants({ ...shop, identities: [] });
      assert.equal(readyOf(await world.settled()), `False ${reason}`);
      assert.deepEqual(await namesAt(), []);
    }
  });

  test("that names another identity leaves the first one before it is let into the second", async () => {
    await world.reset({ identities: [{ name: "web" }, { name: "shop-api" }] });
    world.grants(shop);
    world.bind(web);
    await world.settled();
    world.writes();
    world.bind({ existing: { name: "shop-api" } });
    assert.equal(readyOf(await world.settled()), "True AssertionAccepted");
    const path = `credentials/${nameOf()}`;
    assert.deepEqual(world.writes(), [`DELETE identities/web/${path}`, `PUT identities/shop-api/${path}`]);
  });

  for (const [what, spec, reason] of [
    ["an identity that no grant names", { existing: { name: "root" } }, "IdentityNotGranted"],
    ["an identity that is not there", { existing: { name: "shop-none" } }, "AzureIdentityMissing"],
    ["a group that the trust does not have", { existing: { name: "web", group: "other" } }, "GroupUnknown"],
  ] as const)
    test(`is not let into ${what}: ${reason}`, async () => {
      world.bind(spec);
      assert.equal(readyOf(await world.settled()), `False ${reason}`);
      assert.deepEqual(world.writes(), []);
    });

  test("is not let into the identity that was made for another binding, of any stack, whatever the grant names", async () => {
    world.grants({ ...shop, identities: ["*"] });
    for (const [name, mark] of [
      ["prod_team_web", "prod/team/web"],
      ["test_team_web", "test/team/web"],
    ] as const) {
      const tags = { "podtrust-stack": mark, "podtrust-format": "1" };
      await world.azure.ask("PUT", world.azure.arm(`/${name}`), { location: "westeurope", tags });
      world.bind({ existing: { name } });
      assert.equal(readyOf(await world.settled()), "False IdentityNotGranted");
      assert.deepEqual(await namesAt(name), []);
    }
    assert.deepEqual(world.writes(), []);
  });

  test("has a credential in its status, and loses it with its grant at once, after its identity lost its mark", async () => {
    world.bind({ managed: {} });
    await world.settled();
    // A policy of the company takes tags that it does not know.
    await world.azure.ask("PATCH", world.azure.arm("/prod_shop_web"), { tags: {} });
    world.clock.move(600_000);
    assert.equal(readyOf(await world.settled()), "False NotOwned");
    assert.equal(world.identity()?.credential, nameOf());
    world.grants({ ...shop, create: false });
    assert.equal(readyOf(await world.settled()), "False CreationNotGranted");
    assert.deepEqual(await namesAt("prod_shop_web"), []);
  });

  test("is not let into podtrust's own identity, whatever the grant names", async () => {
    await world.reset({ identities: [{ name: "web" }] });
    world.grants(shop);
    world.azure.relay.answer = (call) =>
      call === "GET identities/web"
        ? {
            name: "web",
            location: "westeurope",
            properties: {
              clientId: world.azure.env["AZURE_CLIENT_ID"],
              principalId: world.azure.env["AZURE_CLIENT_ID"],
            },
          }
        : undefined;
    world.bind(web);
    assert.equal(readyOf(await world.settled()), "False IdentityNotGranted");
    assert.deepEqual(world.writes(), []);
  });

  test("is reported, and never doubled, where somebody else's credential is for the same ServiceAccount", async () => {
    await written("by-hand");
    world.bind(web);
    const outcome = await world.settled();
    assert.equal(readyOf(outcome), "True AssertionAccepted");
    const said = outcome.conditions.find(({ type }) => type === "IdentityInSync")?.message;
    assert.match(said ?? "", /by-hand, which is not podtrust's: no second one is made$/u);
    assert.deepEqual(await namesAt(), ["by-hand"]);
    world.remove("AzureIdentityBinding", "web");
    await world.settled();
    assert.deepEqual(await namesAt(), ["by-hand"]);
  });

  test("says so where that one is for another audience", async () => {
    await written("by-hand", { audiences: ["api://other"] });
    world.bind(web);
    assert.equal(readyOf(await world.settled()), "False FederatedCredentialDrift");
    assert.deepEqual(world.writes(), []);
  });

  test("counts with those of others, of which Azure takes 20", async () => {
    const credentials = Array.from({ length: 20 }, (_, at) => ({
      name: `other-${at}`,
      issuer: "https://other.example.com",
      subject: subjectOf(`shop/s${at}`),
    }));
    await world.reset({ identities: [{ name: "web", credentials }] });
    world.grants(shop);
    world.bind(web);
    assert.equal(readyOf(await world.settled()), "False QuotaReached");
    assert.deepEqual(world.writes(), []);
  });

  test("has what somebody changed in its credential repaired, with an Event", async () => {
    world.bind(web);
    await world.settled();
    await written(nameOf(), { subject: subjectOf("shop/thief") });
    world.clock.move(300_000);
    const outcome = await world.pass();
    assert.deepEqual(eventsOf(outcome), ["FederatedCredentialDrift"]);
    assert.equal((await world.azure.credentials("web"))[0]?.subject, subjectOf("shop/web"));
  });

  test("waits for the writes of others to the same identity, four seconds each", async () => {
    using _still = world.clock.stop();
    world.bind(web);
    world.bind(web, { name: "api" });
    await world.pass();
    const waits = await world.pass("api");
    assert.equal(readyOf(waits), "Unknown CredentialPending");
    assert.equal(waits.againIn, 4000);
    assert.deepEqual(await namesAt(), [nameOf()]);
    assert.equal(readyOf(await world.settled("api")), "True AssertionAccepted");
    assert.equal((await namesAt()).length, 2);
  });

  test("has no identity made beyond what its grant gives: those that are there come first", async () => {
    world.grants({ ...shop, maxIdentities: 1 });
    world.bind({ managed: {} });
    const operate = world.operate();
    assert.equal(await operate("shop/web"), "True AssertionAccepted");
    world.bind({ managed: {} }, { name: "api" });
    assert.equal(await operate("shop/api"), "False GrantFull");
    world.grants({ ...shop, maxIdentities: 0 });
    // A trust is read once a second, and an identity written once in four.
    world.clock.move(4000);
    assert.equal(await operate("shop/web"), "False GrantFull");
    assert.deepEqual(await namesAt("prod_shop_web"), []);
  });

  test("settles while Entra need not know its credential, and is refused after ten minutes", async () => {
    // podtrust's own token is asked for before.
    await world.trustPass();
    const said = "AADSTS700213: No matching federated identity record found for presented assertion subject.";
    const body = { error: "invalid_client", error_description: said, error_codes: [700_213] };
    world.azure.relay.grantAnswer = { status: 401, body };
    world.bind(web);
    const settling = await world.settled();
    assert.deepEqual([readyOf(settling), settling.againIn], ["Unknown CredentialSettling", 15_000]);
    assert.deepEqual(eventsOf(settling), []);
    world.clock.move(600_000);
    assert.equal(readyOf(await world.pass()), "False AssertionRefused");
    world.azure.relay.grantAnswer = undefined;
    assert.equal(readyOf(await world.pass()), "True AssertionAccepted");
  });

  test("whose write was lost on the way is right after the next pass, and has one credential", async () => {
    let lost = 1;
    world.azure.relay.onCall = (call) => {
      if (!call.startsWith("PUT ") || lost === 0) return "answered";
      lost -= 1;
      return "lost";
    };
    world.bind({ managed: {} });
    assert.equal(readyOf(await world.settled()), "True AssertionAccepted");
    assert.deepEqual(await namesAt("prod_shop_web"), [nameOf()]);
  });

  test("that goes while Azure is away waits a minute, then goes with an Event; its credential goes by the trust's passes", async () => {
    world.bind(web);
    await world.settled();
    world.azure.relay.onCall = () => "denied";
    world.remove("AzureIdentityBinding", "web");
    assert.equal((await world.pass()).againIn, 2000);
    world.remove("AzureIdentityBinding", "web", 60_000);
    assert.deepEqual(eventsOf(await world.pass()), ["IdentityKept"]);
    assert.equal(
      [...world.objects.values()].some(({ kind }) => kind === "AzureIdentityBinding"),
      false,
    );
    world.azure.relay.onCall = () => "answered";
    assert.equal(readyOf(await world.trustPass()), "True AzureGroupsFound");
    assert.deepEqual(await namesAt(), [nameOf()]);
    world.clock.move(300_000);
    await world.trustPass();
    world.clock.move(300_000);
    assert.deepEqual(eventsOf(await world.trustPass()), ["IdentityKept"]);
    assert.deepEqual(await namesAt(), []);
  });

  test("of another cluster, or of `up`, is nothing to a trust's passes", async () => {
    const name = boundCredentialName("prod", { issuer: "https://other.example.com", subject: "x" });
    await written(name, { issuer: "https://other.example.com" });
    await written("by-hand");
    await world.trustPass();
    world.clock.move(300_000);
    await world.trustPass();
    world.clock.move(400_000);
    await world.trustPass();
    assert.deepEqual((await namesAt()).toSorted(), ["by-hand", name].toSorted());
  });

  test("keeps its trust, which takes what is left along when it goes", async () => {
    world.bind(web);
    await world.settled();
    await world.trustPass();
    const trust = (): readonly string[] | undefined =>
      [...world.objects.values()].find(({ kind }) => kind === "AzureTrust")?.metadata.finalizers;
    assert.deepEqual(trust(), ["podtrust.dev/azure"]);
    for (const key of world.objects.keys())
      if (key.startsWith("AzureIdentityBinding")) world.objects.delete(key);
    world.remove("AzureTrust", "default");
    world.clock.move(4000);
    assert.deepEqual(eventsOf(await world.trustPass()), ["IdentityKept"]);
    assert.deepEqual(await namesAt(), []);
    assert.equal(
      [...world.objects.values()].some(({ kind }) => kind === "AzureTrust"),
      false,
    );
  });

  test("is left alone by a stack of the same name that names the same identity", async () => {
    world.bind(web);
    await world.settled();
    await world.azure.config("- {name: web, serviceAccounts: [shop/other]}\n");
    await world.azure.must(["up", "--yes"]);
    assert.ok((await namesAt()).includes(nameOf()));
    await world.azure.must(["down", "--yes"]);
    assert.deepEqual(await namesAt(), [nameOf()]);
  });
});

test("a binding at another of Azure's clouds has that cloud's audience, and pods are told which it is", async (t) => {
  const world = await azureBindingsWorld("usgov");
  t.after(() => world.stop());
  await world.reset({ identities: [{ name: "web" }] });
  world.grants(shop);
  world.bind(web);
  assert.equal(readyOf(await world.settled()), "True AssertionAccepted");
  const [credential] = await world.azure.credentials("web");
  assert.deepEqual(credential?.audiences, ["api://AzureADTokenExchangeUSGov"]);
  assert.equal(world.annotations()["podtrust.dev/azure-cloud"], "usgov");
});
