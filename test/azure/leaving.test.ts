/** A resource group that leaves an AzureTrust is emptied first: the operator remembers it until no credential stands there. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { JsonRecord } from "../../src/core/base/index.ts";
import { boundCredentialName } from "../../src/providers/azure/index.ts";
import { type AzureBindingsWorld, azureBindingsWorld, readyOf, saidBy } from "./bindings-world.ts";
import { subjectOf } from "./stack-world.ts";

const shop = { name: "shop", namespaces: ["shop"], identities: ["web"], create: true };
const [trustKey, bindingKey] = ["AzureTrust /default", "AzureIdentityBinding shop/web"];
const minutes = 60_000;

describe("a resource group that leaves its trust together with the grants for it", () => {
  let world: AzureBindingsWorld;
  let subscription = "";

  before(async () => {
    world = await azureBindingsWorld();
    subscription = world.azure.azure.subscription;
  });
  beforeEach(async () => {
    await world.reset({ identities: [{ name: "web" }] });
    world.grants(shop);
    world.bind({ existing: { name: "web" } });
    assert.equal(readyOf(await world.settled()), "True AssertionAccepted");
  });
  after(() => world?.stop());

  const leaves = (): void =>
    world.trust({ groups: [{ name: "next", subscription, resourceGroup: "elsewhere" }] });
  const standing = async (): Promise<number> => (await world.azure.credentials("web")).length;
  const status = (): JsonRecord => (world.objects.get(trustKey)?.["status"] ?? {}) as JsonRecord;
  const scopes = (): readonly string[] =>
    ((status()["scopes"] ?? []) as readonly JsonRecord[]).map(({ id }) => String(id).split("/")[1] ?? "");
  function emptied(): string {
    const conditions = (status()["conditions"] ?? []) as readonly JsonRecord[];
    const found = conditions.find(({ type }) => type === "Emptied");
    return found === undefined ? "" : `${String(found["reason"])} ${String(found["message"])}`;
  }
  function annotated(gone: string): void {
    const object = world.objects.get(trustKey);
    assert.ok(object !== undefined);
    const metadata = { ...object.metadata, annotations: { "podtrust.dev/gone": gone } };
    world.objects.set(trustKey, { ...object, metadata });
  }
  /** Passes of the trust, with so many minutes before each. */
  async function looks(...waits: readonly number[]): Promise<void> {
    for (const wait of waits) {
      world.clock.move(wait * minutes);
      await world.trustPass();
    }
  }

  test("loses the credential of a binding that is there, and is forgotten ten minutes after it was seen empty", async () => {
    leaves();
    await looks(1);
    const name = boundCredentialName("prod", { issuer: world.issuer, subject: subjectOf("shop/web") });
    assert.match(emptied(), /^ScopeLeaving .*\/podtrust leaves the trust/u);
    assert.ok(emptied().includes(name), emptied());
    assert.equal(readyOf(await world.settled()), "False NamespaceNotGranted");
    assert.equal(await standing(), 0);
    await looks(1, 5);
    assert.deepEqual(scopes(), ["podtrust"]);
    await looks(6);
    assert.deepEqual([scopes(), emptied()], [[], ""]);
  });

  for (const [who, begin] of [
    ["", () => {}],
    [", also by an operator that began anew", () => world.restart()],
  ] as const)
    test(`loses a credential whose binding is gone without its last pass${who}, though the group that came is unreadable`, async () => {
      world.objects.delete(bindingKey);
      leaves();
      begin();
      await looks(1, 5, 5);
      assert.equal(await standing(), 0);
    });

  test("loses it at once where the trust is deleted, which then goes; a group that cannot be read keeps it until a person says that it is gone", async () => {
    world.objects.delete(bindingKey);
    leaves();
    world.remove("AzureTrust", "default");
    world.restart();
    world.azure.relay.onCall = () => "denied";
    await looks(1);
    assert.match(emptied(), /^ScopeNotAsked .*podtrust\.dev\/gone=/u);
    world.azure.relay.onCall = () => "answered";
    await looks(1);
    assert.equal(await standing(), 0);
    assert.notEqual(world.objects.get(trustKey), undefined);
    annotated(`${subscription}/Elsewhere`);
    await looks(1);
    assert.equal(world.objects.get(trustKey), undefined);
  });

  test("is told of by a trust that is not Ready where podtrust lost its rights, and is asked no more by a person's word", async () => {
    leaves();
    world.restart();
    world.azure.relay.onCall = () => "denied";
    await looks(1);
    assert.match(emptied(), /^ScopeNotAsked /u);
    assert.ok(!saidBy(await world.pass()).includes("Granted False NamespaceNotGranted"));
    annotated(`${subscription}/podtrust`);
    assert.equal(readyOf(await world.pass()), "False NamespaceNotGranted");
    await looks(1);
    assert.deepEqual([scopes(), emptied()], [[], ""]);
    world.remove("AzureIdentityBinding", "web");
    assert.deepEqual((await world.pass()).events, []);
    assert.equal(world.objects.get(bindingKey), undefined);
    world.azure.relay.onCall = () => "answered";
  });

  test("stays in the status of a binding with its credential until a look shows that gone, over a restart", async () => {
    leaves();
    world.azure.relay.onCall = (call) => (call.startsWith("DELETE") ? "denied" : "answered");
    await world.pass();
    world.restart();
    await world.pass();
    assert.notEqual(world.identity()?.credential, undefined);
    world.azure.relay.onCall = () => "answered";
    world.clock.move(4000);
    await world.pass();
    assert.deepEqual([world.identity(), await standing()], [undefined, 0]);
  });

  test("has no credential made while a person's word says that it is gone, though the trust has it", async () => {
    annotated(`${subscription}/podtrust`);
    world.bind({ managed: {} }, { name: "new" });
    assert.equal(readyOf(await world.pass("new")), "False ScopeGone");
  });
});
