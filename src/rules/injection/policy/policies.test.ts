/** What can be said of the policies without an API server; what they do is in test/cluster/injection-policy.test.ts. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type JsonRecord, recordOf, recordsOf } from "../../../core/base/index.ts";
import { injectionConfigMap, injectionPolicies, type PolicySpec } from "../index.ts";

type Spec = Partial<PolicySpec>;
const kinds = (spec: Spec): readonly string[] =>
  injectionPolicies({ mode: "configmap", ...spec }).map(
    ({ apiVersion, kind }) =>
      `${String(apiVersion).replace("admissionregistration.k8s.io/", "")} ${String(kind).replace("AdmissionPolicy", "")}`,
  );
const specOf = (spec: Spec, kind: string, name = "podtrust-injection"): JsonRecord =>
  recordOf(
    injectionPolicies({ mode: "configmap", ...spec }).find(
      (one) => one["kind"] === kind && recordOf(one["metadata"])["name"] === name,
    )?.["spec"],
  );

describe("the policies of injection", () => {
  test("are two with a binding each, of version v1, and v1beta1 where 1.35 has no other", () => {
    const check = ["v1 Validating", "v1 ValidatingBinding"];
    assert.deepEqual(kinds({}), ["v1 Mutating", "v1 MutatingBinding", ...check]);
    assert.deepEqual(kinds({ kubernetes: "1.37" }), kinds({}));
    assert.deepEqual(kinds({ kubernetes: "1.35" }), [
      "v1beta1 Mutating",
      "v1beta1 MutatingBinding",
      ...check,
    ]);
  });

  test("without warnings are the one that injects alone, and with a refusal the one that refuses beside the one that warns", () => {
    const mutating = ["v1 Mutating", "v1 MutatingBinding"];
    const check = ["v1 Validating", "v1 ValidatingBinding"];
    assert.deepEqual(kinds({ warn: false }), mutating);
    assert.deepEqual(kinds({ warn: false, deny: true }), [...mutating, ...check]);
    assert.deepEqual(kinds({ deny: true }), [...mutating, ...check, ...check]);
  });

  test("that read ServiceAccounts hold in labelled namespaces alone, whose ServiceAccounts a quota bounds", () => {
    const label = { "podtrust.dev/injection": "serviceaccounts" };
    const bindings = injectionPolicies({ mode: "serviceaccounts", deny: true }).filter(({ kind }) =>
      String(kind).endsWith("Binding"),
    );
    assert.equal(bindings.length, 4);
    for (const { spec } of bindings)
      assert.deepEqual(recordOf(spec)["matchResources"], { namespaceSelector: { matchLabels: label } });
    const guard = specOf(
      { mode: "serviceaccounts" },
      "ValidatingAdmissionPolicyBinding",
      "podtrust-injection-quota",
    );
    assert.deepEqual(guard["paramRef"], { name: "podtrust-injection", parameterNotFoundAction: "Deny" });
    const [quota] = injectionPolicies({ mode: "serviceaccounts", namespaces: ["shop"] }).slice(-1);
    assert.deepEqual(recordOf(quota?.["spec"])["hard"], { "count/serviceaccounts": "50" });
    assert.equal(recordOf(quota?.["metadata"])["namespace"], "shop");
  });

  test("that read a ConfigMap have one parameter, whatever the namespace", () => {
    for (const { kind, spec } of injectionPolicies({ mode: "configmap", deny: true }))
      if (String(kind).endsWith("Binding"))
        assert.deepEqual(recordOf(spec)["paramRef"], {
          name: "podtrust-injection",
          parameterNotFoundAction: "Allow",
        });
  });

  test("have each variable that they use, and no other", () => {
    for (const mode of ["serviceaccounts", "configmap"] as const)
      for (const { spec } of injectionPolicies({ mode, deny: true })) {
        const { variables, ...rest } = recordOf(spec);
        const names = recordsOf(variables).map(({ name }) => String(name));
        const texts = [...recordsOf(variables).map(({ expression }) => expression), JSON.stringify(rest)];
        const used = texts.flatMap((text) =>
          [...String(text).matchAll(/variables\.(\w+)/gu)].map(([, one]) => one),
        );
        assert.deepEqual(new Set(used), new Set(names));
      }
  });

  test("give a pod back as it is where nothing is left to do, by a test that fails before any operation", () => {
    for (const mode of ["serviceaccounts", "configmap"] as const) {
      const [mutation] = recordsOf(specOf({ mode }, "MutatingAdmissionPolicy")["mutations"]);
      assert.match(
        String(recordOf(mutation?.["jsonPatch"])["expression"]),
        /^variables\.role == "" \|\| variables\.isDone \? \[JSONPatch\{op: "test", path: "\/podtrust", [^}]*\}\] : \(/u,
      );
    }
  });

  test("are written to be read: on lines of 350 characters at most, with a comment where the name does not say it all", () => {
    for (const mode of ["serviceaccounts", "configmap"] as const)
      for (const { spec } of injectionPolicies({ mode, deny: true })) {
        const { variables, mutations, matchConditions } = recordOf(spec);
        const expressions = [
          ...recordsOf(variables),
          ...recordsOf(matchConditions),
          ...recordsOf(mutations).map(({ jsonPatch }) => recordOf(jsonPatch)),
        ].map(({ expression }) => String(expression));
        for (const line of expressions.flatMap((text) => text.split("\n")))
          assert.ok(line.length <= 350, `${line.length} characters: ${line}`);
        for (const text of expressions)
          assert.ok(text.split("\n").length < 4 || text.includes("// "), `no comment: ${text}`);
      }
  });

  test("ask whether a pod has its role before they look at its containers one by one", () => {
    for (const mode of ["serviceaccounts", "configmap"] as const) {
      const spec = specOf({ mode }, "ValidatingAdmissionPolicy", "podtrust-injected");
      const texts = recordsOf(spec["validations"]).flatMap(({ expression, messageExpression }) => [
        String(expression),
        String(messageExpression),
      ]);
      for (const text of [
        ...texts,
        ...recordsOf(spec["variables"]).map(({ expression }) => String(expression)),
      ])
        if (/variables\.meant\b/u.test(text))
          assert.match(text, /variables\.(?:isInjected|skipList)\b[^]*variables\.meant/u);
    }
  });

  test("refuse a pod without its role only when asked, and never for an annotation", () => {
    const actions = (deny: boolean, name: string): unknown =>
      specOf({ deny }, "ValidatingAdmissionPolicyBinding", name)["validationActions"];
    assert.deepEqual(actions(false, "podtrust-injected"), ["Warn", "Audit"]);
    assert.deepEqual(actions(true, "podtrust-injected"), ["Deny"]);
    assert.deepEqual(actions(true, "podtrust-injection-notes"), ["Warn", "Audit"]);
    const failure = (deny: boolean): unknown =>
      specOf({ deny }, "ValidatingAdmissionPolicy", "podtrust-injected")["failurePolicy"];
    assert.deepEqual([failure(false), failure(true)], ["Ignore", "Fail"]);
  });

  test("never patch a list of objects in, which panics the request on 1.35 and 1.36", () => {
    const [{ jsonPatch } = {}] = recordsOf(specOf({}, "MutatingAdmissionPolicy")["mutations"]);
    const expression = String(recordOf(jsonPatch)["expression"]);
    assert.match(expression, /value: \[\]/u);
    assert.doesNotMatch(expression, /value: \[[^\]]/u);
  });

  test("are asked again after others, and by their conditions whether the pod is meant, not whether work is left", () => {
    for (const mode of ["serviceaccounts", "configmap"] as const) {
      const { reinvocationPolicy, matchConditions } = specOf({ mode }, "MutatingAdmissionPolicy");
      assert.equal(reinvocationPolicy, "IfNeeded");
      for (const { expression } of recordsOf(matchConditions))
        assert.doesNotMatch(String(expression), /volumes|containers|env\b/u);
    }
  });
});

describe("the ConfigMap of a namespace", () => {
  const account = (name: string, annotations: object): JsonRecord => ({ metadata: { name, annotations } });
  const role = "arn:aws:iam::111122223333:role/web";
  const web = account("web", {
    "eks.amazonaws.com/role-arn": role,
    "podtrust.dev/region": "",
    "profile.podtrust.dev/b": role,
    "profile.podtrust.dev/a.1": "x",
    "chain.podtrust.dev/c": role,
    team: "shop",
  });

  test("has what the ServiceAccounts with a role say, and nothing of others", () => {
    const others = [account("none", { "eks.amazonaws.com/role-arn": "" }), account("plain", {}), {}];
    const dotted = account("a.web", { "eks.amazonaws.com/role-arn": "x" });
    const object = injectionConfigMap("shop", [web, ...others, dotted]);
    assert.deepEqual(object["metadata"], { name: "podtrust-injection", namespace: "shop" });
    assert.deepEqual(object["data"], {
      chain: `web/c=${role}\n`,
      profile: `web/a.1=x\nweb/b=${role}\n`,
      region: "web=\n",
      "role-arn": `a.web=x\nweb=${role}\n`,
    });
  });

  test("has a value on one line, whatever signs are in it", () => {
    const odd = account("odd", { "eks.amazonaws.com/role-arn": "a~1b\nweb=c~" });
    assert.deepEqual(injectionConfigMap("shop", [odd])["data"], { "role-arn": "odd=a~01b~1web=c~0\n" });
  });

  test("is the same object whatever the order of the ServiceAccounts", () => {
    const other = account("api", { "eks.amazonaws.com/role-arn": role });
    const texts = [
      [web, other],
      [other, web],
    ].map((all) => JSON.stringify(injectionConfigMap("shop", all)));
    assert.equal(texts[0], texts[1]);
  });
});
