/**
 * Google's, Azure's and OpenBao's tokens by the API server itself: what `podtrust manifests injection --for gcp`, `azure` and
 * `openbao` prints is applied, in both modes, and each pod of the lists is made by a server-side dry run.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type JsonRecord, mapLimit, recordOf, recordsOf } from "../../src/core/base/index.ts";
import {
  inject,
  injectionConfigMap,
  injectionMaps,
  injectParties,
  partyFault,
} from "../../src/rules/injection/index.ts";
import { azureAccount, azureCases } from "../support/azure-cases.ts";
import { podtrustHere } from "../support/cli.ts";
import { googleAccount, googleCases } from "../support/gcp-cases.ts";
import { openbaoCases } from "../support/openbao-cases.ts";
import { aroundOf, containerOf, type PartyCase } from "../support/party-case.ts";
import { isAtLength } from "../support/runs.ts";
import { until } from "../support/until.ts";
import {
  type ApiAnswer,
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
interface CaseNames {
  readonly one: PartyCase;
  readonly name: string;
  readonly namespace: string;
}

const named: readonly Omit<CaseNames, "namespace">[] = [
  ...azureCases.map((one) => ({ one, name: `azure-${one.name}` })),
  ...googleCases.map((one) => ({ one, name: `gcp-${one.name}` })),
  ...openbaoCases.map((one) => ({ one: { serviceAccount: {}, ...one }, name: `openbao-${one.name}` })),
];
const placed: readonly CaseNames[] = named.map((one) => ({
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

/** A pod that PodSecurity takes where it is restricted, and that asks for nothing itself. */
const restricted: JsonRecord = {
  metadata: {},
  spec: {
    containers: [
      containerOf({
        securityContext: {
          allowPrivilegeEscalation: false,
          runAsNonRoot: true,
          runAsUser: 1000,
          capabilities: { drop: ["ALL"] },
          seccompProfile: { type: "RuntimeDefault" },
        },
      }),
    ],
  },
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

  const make = (pod: JsonRecord, namespace: string, serviceAccountName: string): Promise<ApiAnswer> => {
    const metadata = { generateName: "case-", ...recordOf(pod["metadata"]) };
    const spec = { ...recordOf(pod["spec"]), serviceAccountName };
    return plane.ask(`/api/v1/namespaces/${namespace}/pods?dryRun=All`, {
      method: "POST",
      body: { apiVersion: "v1", kind: "Pod", metadata, spec },
    });
  };

  /** Applies what several commands print. */
  async function applyAll(commands: readonly (readonly string[])[]): Promise<void> {
    const printed = await mapLimit(commands, async (args) => {
      const { out, err, code } = await podtrustHere([...args, "--kubernetes", version]);
      assert.equal(code, 0, err);
      return out;
    });
    await plane.kubectl(["apply", "--server-side", "-f", "-"], printed.join("\n---\n"));
  }
  const apply = (...args: readonly string[]): Promise<void> => applyAll([args]);

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

  const makes = (mode: string): void =>
    void test(`makes of every case's pod what the function makes of it, and says the same, by ${mode}`, async () => {
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
        const { pod, injected = pod, warnings = [] } = place.one;
        assert.equal(answer.status, 201, `${place.name}: ${answer.text}`);
        assert.deepEqual(podEssence(JSON.parse(answer.text) as JsonRecord), podEssence(injected), place.name);
        const said = answer.warnings.flatMap((text) => /podtrust: [^]*$/u.exec(text) ?? []);
        assert.deepEqual(said.toSorted(), warnings.toSorted(), place.name);
      }
    });

  /** What is said of a pod, of those that refuse; undefined for one that is made. */
  const refusedOf = ({ status, text }: ApiAnswer): string | undefined => {
    if (status === 201) return undefined;
    assert.equal(status, 422, text);
    return /denied request: (podtrust: .*)$/u.exec((JSON.parse(text) as { message: string }).message)?.[1];
  };

  /** Makes every case's pod, of which `asMade` says what stands when it is judged, and compares who is refused, and by which words. */
  async function comparesRefusals(asMade: (one: PartyCase) => JsonRecord): Promise<void> {
    const made = await mapLimit(placed, async (place) => ({
      place,
      answer: await make(place.one.pod, place.namespace, place.name),
    }));
    const refused = made.flatMap(({ place, answer }) => {
      const fault = partyFault(asMade(place.one), aroundOf(place.one));
      const expected = fault && `podtrust: ${fault.reason}: the pod ${fault.text}`;
      assert.equal(refusedOf(answer), expected, place.name);
      return expected ?? [];
    });
    for (const reason of ["PodTokenNotMounted", "PodNotInjected"])
      seen[reason] = refused.some((text) => text.includes(reason));
  }
  const seen: Record<string, boolean> = {};

  const refuses = (mode: string): void =>
    void test(`refuses with --deny a pod that asks and has no token, in the words that the function has, and no other, by ${mode}`, async () => {
      const names = ["gcp", "azure", "openbao"];
      const commands = names.map((party) => {
        const more = party === "openbao" ? [] : ["--mode", mode];
        return ["manifests", "injection", "--for", party, ...more];
      });
      await applyAll(commands.map((one) => [...one, "--deny"]));
      await untilInForce(`the policies of ${mode} are in force`);
      const taken = placed.find(({ name }) => name === "azure-folder-taken");
      assert.ok(taken !== undefined);
      await until("a pod without a place is refused", async () => {
        const answer = await make(taken.one.pod, taken.namespace, taken.name);
        return refusedOf(answer)?.includes("PodTokenNotMounted") === true;
      });
      await comparesRefusals(({ pod, injected = pod }) => injected);
      assert.deepEqual(seen, { PodTokenNotMounted: true, PodNotInjected: false });
      const policies = names.map((one) => `podtrust-${one}`);
      await plane.kubectl(["delete", "mutatingadmissionpolicybinding", ...policies]);
      await until("nothing injects", async () => {
        const said = await Promise.all(
          ["gcp-one-container", "azure-one-container"].map((name) =>
            make({ spec: { containers: [containerOf()] } }, "shop", name),
          ),
        );
        const pod = { metadata: { annotations: asksBao }, spec: { containers: [containerOf()] } };
        const all = [...said, await make(pod, "shop", "gcp-asks-for-nothing")];
        return all.every((answer) => refusedOf(answer)?.includes("PodNotInjected") === true);
      });
      await comparesRefusals(({ pod }) => pod);
      assert.equal(seen["PodNotInjected"], true);
      const { status, text } = await make(restricted, "strict", "aws");
      assert.equal(status, 201, text);
      await applyAll(commands);
      const kinds = "validatingadmissionpolicybinding,validatingadmissionpolicy";
      await plane.kubectl(["delete", kinds, ...policies.map((one) => `${one}-injected`)]);
    });

  // An API server finds no ConfigMap any more that is new once no policy's binding has named one for a second, until it is
  // started anew (kubernetes/kubernetes#130887): so this mode comes first, and is never left for a moment.
  makes("configmap");
  refuses("configmap");

  test("gives one pod a token of AWS, Google, Azure and OpenBao, where PodSecurity is restricted and nobody is root", async () => {
    await apply("manifests", "injection", "--mode", "configmap");
    for (const party of ["gcp", "azure"])
      await apply("manifests", "injection", "--for", party, "--mode", "configmap");
    const pod = { ...restricted, metadata: { annotations: asksBao } };
    const around = { serviceAccount: accountOf("everything", everything), namespace: { metadata: {} } };
    const expected = injectParties(inject(pod, around).pod, around).pod;
    assert.equal(recordsOf(recordOf(expected["spec"])["volumes"]).length, 4);
    await until("all four policies are in force", async () => {
      const { status, text } = await make(pod, "strict", "everything");
      // The API server follows each policy by itself: those that refuse may be in force before those that inject.
      if (status === 422 && text.includes("PodNotInjected")) return false;
      assert.equal(status, 201, text);
      return recordsOf(recordOf((JSON.parse(text) as JsonRecord)["spec"])["volumes"]).length === 4;
    });
    const { text } = await make(pod, "strict", "everything");
    assert.deepEqual(sorted(podEssence(JSON.parse(text) as JsonRecord)), sorted(podEssence(expected)));
    const ofAws = {
      ...around,
      serviceAccount: accountOf("aws", {
        "eks.amazonaws.com/role-arn": everything["eks.amazonaws.com/role-arn"],
      }),
    };
    const answer = await make(restricted, "strict", "aws");
    assert.deepEqual(
      podEssence(JSON.parse(answer.text) as JsonRecord),
      podEssence(inject(restricted, ofAws).pod),
      "a pod that asks for AWS alone has what it had before",
    );
  });

  // The versions do not differ in how parameters are found.
  if (version === "1.36") makes("serviceaccounts");
  if (version === "1.36" && isAtLength) refuses("serviceaccounts");
}

for (const version of testedVersions)
  describe(
    `injection for Google, Azure and OpenBao by Kubernetes ${version}`,
    { skip: leftOut(testedVersions) },
    () => suite(version),
  );
