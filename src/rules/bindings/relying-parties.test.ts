import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { recordOf } from "../../core/base/index.ts";
import {
  apiVersion,
  bindingManifests,
  bindingProblems,
  loadPartyManifests,
  partyNames,
  tenantQuota,
} from "./index.ts";

/** `CustomResourceDefinition awstrusts.podtrust.dev` of each object. */
const titles = (objects: readonly object[]): readonly string[] =>
  objects.map((one) => {
    const { kind, metadata } = one as { readonly kind: string; readonly metadata: object };
    return `${kind} ${String(recordOf(metadata)["name"])}`;
  });

const parties = Object.keys(partyNames) as readonly (keyof typeof partyNames)[];

describe("what bindings take in a cluster", () => {
  test("is AWS's alone where no other is named, and the same where one is named twice", async () => {
    const rows = await loadPartyManifests(["aws", "aws"]);
    assert.deepEqual(bindingManifests({ rows }), bindingManifests());
  });

  test("is every kind of those that are named, and each object by a name of its own", async () => {
    const found = titles(bindingManifests({ rows: await loadPartyManifests(parties) }));
    assert.equal(new Set(found).size, found.length);
    for (const { binding, trust } of Object.values(partyNames))
      for (const { plural } of [binding, trust])
        assert.ok(found.includes(`CustomResourceDefinition ${plural}.podtrust.dev`), plural);
  });

  test("is bounded for a namespace by the same number of each kind that is named, AWS's alone by default", () => {
    const hardOf = (quota: object): object => recordOf(recordOf(recordOf(quota)["spec"])["hard"]);
    const spec = { namespace: "shop", bindings: 5, serviceAccounts: 20 };
    const accounts = { "count/serviceaccounts": "20" };
    const ofAws = { "count/awsrolebindings.podtrust.dev": "5", ...accounts };
    assert.deepEqual(hardOf(tenantQuota(spec)), ofAws);
    assert.deepEqual(hardOf(tenantQuota({ ...spec, parties: ["gcp"] })), {
      "count/gcpserviceaccountbindings.podtrust.dev": "5",
      ...accounts,
    });
    const all = Object.keys(hardOf(tenantQuota({ ...spec, parties })));
    for (const { binding } of Object.values(partyNames))
      assert.ok(all.includes(`count/${binding.plural}.podtrust.dev`), binding.plural);
  });

  test("has a binding that every API server finds well-formed, by which it is asked whether it judges", async () => {
    const metadata = { namespace: "shop", name: "web" };
    for (const row of await loadPartyManifests(parties)) {
      const object = { apiVersion, kind: row.names.binding.kind, metadata, spec: row.probe };
      assert.deepEqual(bindingProblems(row, object), []);
      const [problem] = bindingProblems(row, { ...object, kind: "AWSTrust" });
      assert.deepEqual(problem, { path: "kind", message: `is not ${object.kind}` });
    }
  });

  test("says by each finalizer's guard what of that relying party it waits for", async () => {
    const all = bindingManifests({ rows: await loadPartyManifests(parties) });
    const said = parties.map((one) => {
      const at = titles(all).indexOf(`ValidatingAdmissionPolicy podtrust-release${partyNames[one].suffix}`);
      return /until the operator has taken ([^;]+) away;/u.exec(JSON.stringify(all[at]))?.[1];
    });
    assert.deepEqual(Object.fromEntries(parties.map((one, index) => [one, said[index]])), {
      aws: "its roles",
      azure: "its federated credential",
      gcp: "its member of the service account's policy",
    });
  });

  const guardOf = async (...of: readonly (typeof parties)[number][]): Promise<string> => {
    const all = bindingManifests({ rows: await loadPartyManifests(of) });
    const at = titles(all).indexOf("ValidatingAdmissionPolicy podtrust-operator-serviceaccounts");
    return JSON.stringify(all[at]);
  };

  test("says what the annotations name that the operator may write, of each that is named", async () => {
    const said = async (...of: readonly (typeof parties)[number][]): Promise<string | undefined> =>
      /annotations that name ([^"]+) of a ServiceAccount/u.exec(await guardOf(...of))?.[1];
    assert.equal(await said("aws"), "the roles");
    assert.equal(await said("azure"), "the identity of Azure");
    assert.equal(await said("aws", "gcp"), "the roles or the principal of Google");
  });

  test("lets the operator write annotations of those alone that are named", async () => {
    assert.match(await guardOf("aws"), /eks\.amazonaws\.com\/role-arn/u);
    assert.doesNotMatch(await guardOf("aws"), /azure\.workload\.identity|iam\.gke\.io/u);
    assert.match(await guardOf("azure"), /azure\.workload\.identity\/client-id/u);
    assert.doesNotMatch(await guardOf("azure"), /eks\.amazonaws\.com/u);
  });
});
