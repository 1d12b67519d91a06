import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assert as check, jsonValue, property } from "fast-check";
import {
  azureBindingOf,
  azureTrustOf,
  azureTrustSpec,
  grantedIdentities,
  malformedAzure,
  subscription,
  ungrantedIdentities,
} from "../../../../test/support/bindings/azure-cases.ts";
import {
  type AzureBinding,
  type AzureTrust,
  decideIdentity,
  type IdentityDecision,
  mayKeepIdentity,
  readAzureBinding,
  readAzureTrust,
} from "./index.ts";

function bindingRead(value: unknown): AzureBinding {
  const read = readAzureBinding(value);
  assert.ok("object" in read, JSON.stringify(read));
  return read.object;
}

function trustRead(value: unknown = azureTrustOf()): AzureTrust {
  const read = readAzureTrust(value);
  assert.ok("object" in read, JSON.stringify(read));
  return read.object;
}

const decided = (value: unknown): IdentityDecision => decideIdentity(bindingRead(value), trustRead());

describe("the reader of Azure's bindings and trusts refuses", () => {
  for (const { name, object, ours } of malformedAzure) {
    test(`${name}, and says where`, () => {
      const read = object["kind"] === "AzureTrust" ? readAzureTrust(object) : readAzureBinding(object);
      const said = "problems" in read ? read.problems.map(({ path, message }) => `${path} ${message}`) : [];
      assert.ok(
        said.some((line) => ours.test(line)),
        said.join("\n"),
      );
    });
  }

  test("whatever else it is given, without throwing", () => {
    check(
      property(jsonValue(), (value) => {
        assert.ok("problems" in readAzureBinding(value));
        readAzureBinding(azureBindingOf(value as Record<string, unknown>));
        readAzureTrust(azureTrustOf({ ...azureTrustSpec, grants: value }));
      }),
    );
  });
});

describe("the reader of Azure's trusts", () => {
  test("fills in what an absence means", () => {
    const { cloud, grants } = trustRead();
    assert.equal(cloud, "public");
    assert.deepEqual(
      grants.map(({ create, maxIdentities }) => [create, maxIdentities]),
      [
        [false, 500],
        [true, 500],
        [true, 500],
      ],
    );
  });
});

describe("the decision about a binding of Azure grants an identity", () => {
  for (const { name, object, id } of grantedIdentities) {
    test(name, () => {
      const decision = decided(object);
      assert.ok(decision.kind === "granted", JSON.stringify(decision));
      assert.equal(decision.identity.resourceId, id);
    });
  }

  test("in the only group of a trust, where it names none", () => {
    const trust = trustRead();
    const one = { ...trust, groups: trust.groups.slice(0, 1) };
    const decision = decideIdentity(bindingRead(azureBindingOf({ existing: { name: "web" } })), one);
    assert.ok(decision.kind === "granted");
    assert.equal(decision.identity.group.name, "shared");
  });

  test("whose name is another for each ServiceAccount, within 128 characters that Azure takes", () => {
    const names = ["web", "web.", "a.b", "a-b", `${"x".repeat(62)}y`, `${"x".repeat(62)}z`].map((name) => {
      const namespace = `team-${"n".repeat(58)}`;
      const object = { namespace, name, trust: "default", managed: { group: "shared" } };
      const decision = decideIdentity(object, trustRead());
      assert.ok(decision.kind === "granted");
      assert.match(decision.identity.name, /^[A-Za-z0-9][\w-]{2,127}$/u);
      return decision.identity.name;
    });
    assert.equal(new Set(names).size, names.length);
  });
});

describe("the decision about a binding of Azure refuses one", () => {
  for (const { name, object, reason } of ungrantedIdentities) {
    test(`${name}: ${reason}`, () => {
      const decision = decided(object);
      assert.ok(decision.kind === "refused");
      assert.deepEqual([...new Set(decision.refusals.map((one) => one.reason))], [reason]);
    });
  }

  test("for a group that the trust does not have, and an identity where the grant names none", () => {
    const other = bindingRead(azureBindingOf({ existing: { name: "web", group: "none" } }));
    const first = decideIdentity(other, trustRead());
    assert.deepEqual(first, {
      kind: "refused",
      refusals: [
        {
          reason: "GroupUnknown",
          message: "the binding is for group none, and AzureTrust default has shared, teams",
        },
      ],
    });
    const of = { namespace: "preview-7", name: "api-x" };
    const second = decided(azureBindingOf({ existing: { name: "web", group: "shared" } }, of));
    assert.ok(second.kind === "refused");
    assert.equal(second.refusals[0]?.reason, "IdentityNotGranted");
  });

  test("of a trust that does not exist, which admission lets pass", () => {
    const object = bindingRead(azureBindingOf({ trust: "none", managed: {} }));
    assert.deepEqual(decideIdentity(object, undefined), {
      kind: "refused",
      refusals: [{ reason: "TrustMissing", message: "there is no AzureTrust none" }],
    });
  });
});

describe("an identity that stands", () => {
  const keeps = (more: object, whose = { namespace: "shop", name: "web" }): boolean =>
    mayKeepIdentity(trustRead(), whose, {
      subscription,
      resourceGroup: "PodTrust",
      name: "web",
      managed: false,
      ...more,
    });

  test("may be kept where one grant allows it, in whatever case Resource Manager writes it", () => {
    assert.deepEqual([keeps({}), keeps({ name: "Shop-API" }), keeps({ name: "root" })], [true, true, false]);
    assert.equal(keeps({ resourceGroup: "teams.west" }), false);
    assert.equal(keeps({ resourceGroup: "teams.west" }, { namespace: "team-a", name: "web" }), true);
    assert.equal(keeps({}, { namespace: "other", name: "web" }), false);
  });

  test("may be kept as one of podtrust's own only where a grant lets them be made", () => {
    assert.equal(keeps({ managed: true }), false);
    assert.equal(keeps({ managed: true }, { namespace: "preview-7", name: "api-blue" }), true);
  });

  test("may not be kept in a group that the trust does not have", () => {
    assert.equal(keeps({ resourceGroup: "other" }), false);
  });
});
