import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pairOf, placeOf, sameId, desiredCredential } from "./identity-ref.ts";
import { identitiesOf, identityRights, mayStand } from "./rights.ts";

const id =
  "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/shop/providers/Microsoft.ManagedIdentity/userAssignedIdentities/web";
const trust = { issuer: "https://oidc.example.com" };
const whose = { namespace: "shop", name: "web" };

describe("where an identity of a binding is", () => {
  test("is identified by its resource id, whose letters may be large or small", () => {
    const group = { subscription: "11111111-1111-4111-8111-111111111111", resourceGroup: "shop" };
    assert.deepEqual(placeOf(id), { group, name: "web" });
    assert.ok(sameId(id, id.toUpperCase()));
    assert.ok(!sameId(id, `${id}2`));
  });

  test("and its credential lets in the ServiceAccount's tokens of the trust's issuer, for the cloud's audience", () => {
    const pair = { issuer: trust.issuer, subject: "system:serviceaccount:shop:web" };
    assert.deepEqual(pairOf(trust, whose), pair);
    const cloud = { audience: "api://AzureADTokenExchange" } as Parameters<
      typeof desiredCredential
    >[2]["cloud"];
    assert.deepEqual(desiredCredential(trust, whose, { cloud }), {
      account: "shop/web",
      audience: "api://AzureADTokenExchange",
      ...pair,
    });
  });
});

test("the status of an AzureIdentityBinding is read without what has another form", () => {
  const identities = [
    { id, managed: true, clientId: "22222222-2222-4222-8222-222222222222", credential: 7 },
    { managed: true },
    "nothing",
  ];
  const object = { apiVersion: "v1", kind: "AzureIdentityBinding", metadata: { name: "web" } };
  const status = { identities };
  assert.deepEqual(identitiesOf({ ...object, status }), [
    { id, managed: true, clientId: "22222222-2222-4222-8222-222222222222" },
  ]);
  assert.deepEqual(identitiesOf(object), []);
});

describe("an identity that stands", () => {
  const grant = { name: "web", namespaces: ["shop"], groups: ["shared"], identities: ["web"], create: false };
  const group = {
    name: "shared",
    id: "11111111-1111-4111-8111-111111111111/shop",
    subscription: "11111111-1111-4111-8111-111111111111",
    resourceGroup: "shop",
  };
  const given = { name: "default", groups: [group], grants: [grant] } as unknown as Parameters<
    typeof mayStand
  >[0];

  test("stays where a grant allows its name, also if podtrust made it", () => {
    for (const managed of [true, false])
      assert.ok(mayStand(given, whose, { id, managed, credential: "one" }), `${managed}`);
    const other = { id: id.replace("/web", "/report"), managed: true, credential: "one" };
    assert.ok(!mayStand(given, whose, other));
  });

  test("is another right by a credential of another name: of another stack or issuer", () => {
    const one = { id, managed: false, credential: "podtrust-prod" };
    assert.ok(identityRights.isSame(one, { ...one, id: id.toUpperCase(), credential: "PODTRUST-PROD" }));
    assert.ok(!identityRights.isSame(one, { ...one, credential: "podtrust-test" }));
    assert.ok(identityRights.isSame(one, { id, managed: true }));
  });
});
