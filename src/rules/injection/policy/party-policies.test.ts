/** What can be said of them without an API server; what they do is in test/cluster/injection-parties.test.ts. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type JsonRecord, recordOf, recordsOf } from "../../../core/base/index.ts";
import {
  type AccountPolicies,
  injectionMaps,
  injectionPolicies,
  loadPartyPolicies,
  type PolicySpec,
} from "../index.ts";

type AccountParty = "gcp" | "azure";
const parties: readonly AccountParty[] = ["gcp", "azure"];

async function ofAccounts(party: AccountParty): Promise<AccountPolicies> {
  const loaded = await loadPartyPolicies(party);
  assert.ok(loaded.askedBy === "ServiceAccount");
  return loaded;
}
const loaded: Readonly<Record<AccountParty, AccountPolicies>> = {
  gcp: await ofAccounts("gcp"),
  azure: await ofAccounts("azure"),
};
const partyPolicies = (party: AccountParty, spec: PolicySpec): readonly JsonRecord[] =>
  loaded[party].policies(spec);
const nameOf = ({ kind, metadata }: JsonRecord): string =>
  `${String(kind).replace("AdmissionPolicy", "")} ${String(recordOf(metadata)["name"])}`;
const specsOf = (party: AccountParty, mode: "configmap" | "serviceaccounts"): readonly JsonRecord[] =>
  partyPolicies(party, { mode, deny: true })
    .filter(({ kind }) => kind === "MutatingAdmissionPolicy" || kind === "ValidatingAdmissionPolicy")
    .filter((one) => recordOf(one["metadata"])["name"] !== "podtrust-injection-quota")
    .map(({ spec }) => recordOf(spec));

describe("the admission policies for Google and Azure", () => {
  test("are one that injects and one that warns, each with a binding, of the version that the cluster's minor has", () => {
    for (const party of parties) {
      const names = [`podtrust-${party}`, `podtrust-${party}-notes`].flatMap((name, index) => {
        const kind = index === 0 ? "Mutating" : "Validating";
        return [`${kind} ${name}`, `${kind}Binding ${name}`];
      });
      assert.deepEqual(partyPolicies(party, { mode: "configmap" }).map(nameOf), names);
      const quiet = partyPolicies(party, { mode: "configmap", warn: false, kubernetes: "1.35" });
      assert.deepEqual(quiet.map(nameOf), names.slice(0, 2));
      for (const { apiVersion } of quiet) assert.equal(apiVersion, "admissionregistration.k8s.io/v1beta1");
    }
  });

  test("refuse a pod without its token by one more, where that is wanted, and are else as without", () => {
    for (const party of parties) {
      const spec = { mode: "configmap" } as const;
      const plain = partyPolicies(party, spec);
      const denying = partyPolicies(party, { ...spec, deny: true });
      const isAdded = (one: JsonRecord): boolean => nameOf(one).endsWith(`podtrust-${party}-injected`);
      assert.deepEqual(
        denying.filter((one) => !isAdded(one)),
        plain,
      );
      const [policy, binding, ...more] = denying.filter(isAdded).map((one) => recordOf(one["spec"]));
      assert.deepEqual(more, []);
      assert.equal(policy?.["failurePolicy"], "Fail");
      assert.deepEqual(binding?.["validationActions"], ["Deny"]);
      // Only pods that are injected for match, and those whose text is too long to be read.
      const injecting = recordOf(plain[0]?.["spec"]);
      for (const member of ["matchConstraints", "paramKind"])
        assert.deepEqual(policy?.[member], injecting[member], member);
      const conditions = (of: JsonRecord | undefined) => recordsOf(of?.["matchConditions"]);
      assert.deepEqual(conditions(policy).slice(1), conditions(injecting).slice(1));
      const asks = (of: JsonRecord | undefined): string => String(conditions(of)[0]?.["expression"]);
      assert.ok(
        asks(injecting).startsWith(asks(policy).replaceAll("? true :", "? false :")),
        asks(injecting),
      );
    }
  });

  test("do nothing with a text that is too long but count its characters, once: no pod is changed by it, and each is told of it", () => {
    for (const party of parties) {
      const specs = specsOf(party, "configmap").filter((spec) => spec["matchConditions"] !== undefined);
      for (const spec of specs) {
        const [condition] = recordsOf(spec["matchConditions"]);
        const text = String(condition?.["expression"]);
        const whereLong = spec["mutations"] === undefined;
        const counted = text.matchAll(
          new RegExp(
            `size\\((params\\.data\\["[\\w-]+"\\])\\) > 131072 \\? ${whereLong} : \\1\\.split\\(`,
            "gu",
          ),
        );
        assert.equal([...counted].length, text.split(".split(").length - 1, text);
      }
      assert.ok(specs.length > 1, party);
    }
  });

  test("ask for no text that is behind the ServiceAccount's name whether it is empty, which would count its characters", () => {
    for (const party of parties)
      for (const spec of specsOf(party, "configmap"))
        for (const { expression } of recordsOf(spec["matchConditions"]))
          assert.doesNotMatch(String(expression), /rest [!=]= /u);
  });

  test("give a pod back as it is where nothing is left to do, by a test that fails before any operation", () => {
    for (const party of parties)
      for (const mode of ["configmap", "serviceaccounts"] as const) {
        const [injecting] = partyPolicies(party, { mode });
        const [mutation] = recordsOf(recordOf(injecting?.["spec"])["mutations"]);
        assert.match(
          String(recordOf(mutation?.["jsonPatch"])["expression"]),
          /variables\.isDone \? \[JSONPatch\{op: "test", path: "\/podtrust", [^}]*\}\] : \(/u,
        );
      }
  });

  test("read the relying party's own ConfigMap, so that other pods are only asked whether there is one", () => {
    for (const party of parties)
      for (const one of partyPolicies(party, { mode: "configmap", deny: true }))
        if (String(one["kind"]).endsWith("Binding"))
          assert.deepEqual(recordOf(one["spec"])["paramRef"], {
            name: `podtrust-injection-${party}`,
            parameterNotFoundAction: "Allow",
          });
    assert.doesNotMatch(JSON.stringify(injectionPolicies({ mode: "configmap" })), /azure|google/u);
  });

  test("match pods whose ServiceAccount asks alone, whatever the mode", () => {
    for (const party of parties) {
      const { configMap, asksBy } = loaded[party];
      const { asks = [] } = injectionMaps.find((one) => one.configMap === configMap) ?? {};
      assert.ok(asks.length > 0);
      for (const spec of specsOf(party, "serviceaccounts")) {
        const conditions = recordsOf(spec["matchConditions"]).map(({ expression }) => String(expression));
        assert.match(conditions[0] ?? "", /serviceAccountName.* == params\.metadata\.name/u);
        for (const key of asksBy) assert.ok(conditions[1]?.includes(key), key);
      }
      for (const spec of specsOf(party, "configmap")) {
        const [condition] = recordsOf(spec["matchConditions"]);
        for (const name of asks)
          assert.ok(String(condition?.["expression"]).includes(`params.data["${name}"].split(`));
      }
    }
  });

  test("that read ServiceAccounts come with the bound of their namespaces, and with the quotas that are asked for", () => {
    for (const party of parties) {
      const names = partyPolicies(party, { mode: "serviceaccounts", namespaces: ["shop"] }).map(nameOf);
      assert.deepEqual(names.slice(-3), [
        "Validating podtrust-injection-quota",
        "ValidatingBinding podtrust-injection-quota",
        "ResourceQuota podtrust-injection",
      ]);
    }
  });

  test("have each variable that they use and no other, on lines of 350 characters at most, with comments", () => {
    const specs = parties.flatMap((party) => [
      ...specsOf(party, "configmap"),
      ...specsOf(party, "serviceaccounts"),
    ]);
    const written = specs.flatMap(({ variables, ...rest }) => {
      const expressions = recordsOf(variables).map(({ expression }) => String(expression));
      const text = [...expressions, JSON.stringify(rest)].join("\n");
      const used = [...text.matchAll(/variables\.(\w+)/gu)].map(([, name]) => name);
      assert.deepEqual(new Set(used), new Set(recordsOf(variables).map(({ name }) => name)));
      return expressions;
    });
    for (const expression of written) {
      assert.doesNotMatch(expression, /undefined|\[object/u);
      assert.ok(expression.split("\n").length < 4 || expression.includes("// "), expression);
    }
    for (const line of written.flatMap((text) => text.split("\n"))) assert.ok(line.length <= 350, line);
  });
});
