/**
 * Google's, Azure's and OpenBao's tokens by the API server itself: what `podtrust manifests injection --for gcp`, `azure` and
 * `openbao` prints is applied, in both modes, and each pod of the lists is made by a server-side dry run.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type JsonRecord, mapLimit, recordOf, recordsOf } from "../../src/core/base/index.ts";
import { inject, injectionConfigMap, injectionMaps, injectParties } from "../../src/rules/injection/index.ts";
import { azureAccount, azureCases } from "../support/azure-cases.ts";
import { podtrustHere } from "../support/cli.ts";
import { googleAccount, googleCases } from "../support/gcp-cases.ts";
import { openbaoCases } from "../support/openbao-cases.ts";
import { containerOf, type PartyCase } from "../support/party-case.ts";
import { until } from "../support/until.ts";
import {
  type Answer,
  type ControlPlane,
  type KubernetesVersion,
  leftOut,
  startControlPlane,
  testedVersions,
} from "./harness/index.ts";
import { podEssence } from "./injection/pod-essence.ts";
import { policyGate } from "./injection/policy-gate.ts";

const accountOf = (name: string, annotations: object): JsonRecord => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name, annotations },
  automountServiceAccountToken: false,
});

/** A case's pod and its ServiceAccount have a name of their own, so that one namespace serves most. */
interface Placed {
  readonly one: PartyCase;
  readonly name: string;
  readonly namespace: string;
}

const named: readonly Omit<Placed, "namespace">[] = [
  ...azureCases.map((one) => ({ one, name: `azure-${one.name}` })),
  ...googleCases.map((one) => ({ one, name: `gcp-${one.name}` })),
  ...openbaoCases.map((one) => ({ one: { serviceAccount: {}, ...one }, name: `openbao-${one.name}` })),
];
const placed: readonly Placed[] = named.map((one) => ({
  ...one,
  namespace: one.one.namespace === undefined ? "shop" : one.name,
}));

const everything = {
  "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/web",
  ...googleAccount,
  ...azureAccount,
  "cloud.google.com/injection-mode": "gcloud",
};
const asksBao = {
  "openbao.podtrust.dev/address": "https://bao.example.com:8200",
  "openbao.podtrust.dev/ca-config-map": "bao-ca",
};

/** In one order: which of several policies comes first the API server decides. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, sorted(member)]));
}

function suite(version: KubernetesVersion): void {
  let plane: ControlPlane;

  const create = async (path: string, body: unknown): Promise<void> => {
    const { status, text } = await plane.ask(path, { method: "POST", body });
    assert.equal(status, 201, `${path}: ${text}`);
  };

  const make = (pod: JsonRecord, namespace: string, serviceAccountName: string): Promise<Answer> => {
    const metadata = { generateName: "case-", ...recordOf(pod["metadata"]) };
    const spec = { ...recordOf(pod["spec"]), serviceAccountName };
    return plane.ask(`/api/v1/namespaces/${namespace}/pods?dryRun=All`, {
      method: "POST",
      body: { apiVersion: "v1", kind: "Pod", metadata, spec },
    });
  };

  async function apply(...args: readonly string[]): Promise<void> {
    const { out, err, code } = await podtrustHere([...args, "--kubernetes", version]);
    assert.equal(code, 0, err);
    await plane.kubectl(["apply", "--server-side", "-f", "-"], out);
  }

  async function makeNamespace(
    name: string,
    accounts: readonly JsonRecord[],
    { labels = {}, annotations = {} }: { readonly labels?: object; readonly annotations?: object } = {},
  ): Promise<void> {
    await create("/api/v1/namespaces", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels: { "podtrust.dev/injection": "serviceaccounts", ...labels }, annotations },
    });
    for (const one of accounts) await create(`/api/v1/namespaces/${name}/serviceaccounts`, one);
    const of = { metadata: { annotations } };
    for (const map of injectionMaps)
      await create(`/api/v1/namespaces/${name}/configmaps`, injectionConfigMap(name, accounts, map, of));
  }

  /** Makes a pod until it has all tokens, and its maker is told of what is not made. */
  const untilInForce = (what: string): Promise<unknown> =>
    until(what, async () => {
      const unmade = ["azure.workload.identity/inject-proxy-sidecar", "cloud.google.com/injection-mode"];
      const pod = {
        metadata: { annotations: { ...asksBao, "azure.workload.identity/inject-proxy-sidecar": "true" } },
        spec: { containers: [containerOf()] },
      };
      const { text, warnings } = await make(pod, "shop", "everything");
      return (
        ["azure-identity-token", "external-credential-config", "openbao-token"].every((volume) =>
          text.includes(volume),
        ) && unmade.every((key) => warnings.some((one) => one.includes(key)))
      );
    });

  before(async () => {
    plane = await startControlPlane({
      version,
      issuer: "https://oidc.example.com",
      extraArgs: policyGate(version),
    });
    await apply("manifests", "injection", "--for", "openbao");
    const own = placed.filter(({ namespace }) => namespace === "shop");
    const accounts = own.map(({ one, name }) => accountOf(name, one.serviceAccount));
    await makeNamespace("shop", [...accounts, accountOf("everything", everything)]);
    for (const { one, name, namespace } of placed)
      if (namespace !== "shop")
        await makeNamespace(namespace, [accountOf(name, one.serviceAccount)], {
          annotations: one.namespace ?? {},
        });
    const aws = { "eks.amazonaws.com/role-arn": everything["eks.amazonaws.com/role-arn"] };
    await makeNamespace("strict", [accountOf("everything", everything), accountOf("aws", aws)], {
      labels: { "pod-security.kubernetes.io/enforce": "restricted" },
    });
  });
  after(() => plane?.stop());

  // The versions do not differ in how parameters are found.
  for (const mode of version === "1.36" ? ["configmap", "serviceaccounts"] : ["configmap"])
    test(`makes of every case's pod what the function makes of it, and says the same, by ${mode}`, async () => {
      for (const party of ["gcp", "azure"])
        await apply("manifests", "injection", "--for", party, "--mode", mode);
      if (mode === "serviceaccounts")
        for (const { configMap } of injectionMaps)
          await plane.kubectl(["delete", "configmap", "-n", "shop", configMap]);
      await untilInForce(`the policies of ${mode} are in force`);
      const made = await mapLimit(placed, async (place) => ({
        place,
        answer: await make(place.one.pod, place.namespace, place.name),
      }));
      for (const { place, answer } of made) {
        const { pod, injected = pod, told = [] } = place.one;
        assert.equal(answer.status, 201, `${place.name}: ${answer.text}`);
        assert.deepEqual(podEssence(JSON.parse(answer.text) as JsonRecord), podEssence(injected), place.name);
        const said = answer.warnings.flatMap((text) => /podtrust: [^]*$/u.exec(text) ?? []);
        assert.deepEqual(said.toSorted(), told.toSorted(), place.name);
      }
    });

  test("gives one pod a token of AWS, Google, Azure and OpenBao, where PodSecurity is restricted and nobody is root", async () => {
    await apply("manifests", "injection", "--mode", "configmap");
    for (const party of ["gcp", "azure"])
      await apply("manifests", "injection", "--for", party, "--mode", "configmap");
    const securityContext = {
      allowPrivilegeEscalation: false,
      runAsNonRoot: true,
      runAsUser: 1000,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    };
    const pod = {
      metadata: { annotations: asksBao },
      spec: { serviceAccountName: "everything", containers: [containerOf({ securityContext })] },
    };
    const around = { serviceAccount: accountOf("everything", everything), namespace: { metadata: {} } };
    const expected = injectParties(inject(pod, around).pod, around).pod;
    assert.equal(recordsOf(recordOf(expected["spec"])["volumes"]).length, 4);
    await until("all four policies are in force", async () => {
      const { status, text } = await make(pod, "strict", "everything");
      assert.equal(status, 201, text);
      return recordsOf(recordOf((JSON.parse(text) as JsonRecord)["spec"])["volumes"]).length === 4;
    });
    const { text } = await make(pod, "strict", "everything");
    assert.deepEqual(sorted(podEssence(JSON.parse(text) as JsonRecord)), sorted(podEssence(expected)));
    const alone = { ...pod, metadata: {} };
    const ofAws = {
      ...around,
      serviceAccount: accountOf("aws", {
        "eks.amazonaws.com/role-arn": everything["eks.amazonaws.com/role-arn"],
      }),
    };
    const answer = await make(alone, "strict", "aws");
    assert.deepEqual(
      podEssence(JSON.parse(answer.text) as JsonRecord),
      podEssence(inject(alone, ofAws).pod),
      "a pod that asks for AWS alone has what it had before",
    );
  });
}

for (const version of testedVersions)
  describe(
    `injection for Google, Azure and OpenBao by Kubernetes ${version}`,
    { skip: leftOut(testedVersions) },
    () => suite(version),
  );
