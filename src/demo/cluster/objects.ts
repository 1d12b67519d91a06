import { type JsonRecord, recordOf } from "../../core/base/index.ts";
import { apiVersion, bindingObject, bindingPolicies } from "../../rules/bindings/index.ts";
import { boundPolicyName, injectionPolicies } from "../../rules/injection/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { example } from "../example.ts";

/** Names of the two ServiceAccounts: the one that is bound, and another beside it. */
export const accounts = { bound: "web", other: "other" } as const;

const byName = "kubernetes.io/metadata.name";

/** The policies of injection under names of the demo's own, and for pods of one namespace alone. */
export function confinedPolicies(namespace: string): readonly KubernetesObject[] {
  const renamed = (name: string): string => name.replace(/^podtrust/u, namespace);
  // One namespace with two ServiceAccounts needs no quota to bound the cost.
  const ofPods = injectionPolicies({ mode: "serviceaccounts" }).filter(
    ({ metadata }) => recordOf(metadata)["name"] !== boundPolicyName,
  );
  return ofPods.map((policy): KubernetesObject => {
    const object = policy as unknown as KubernetesObject;
    const { matchResources: _, ...spec } = recordOf(policy["spec"]);
    const metadata = { ...object.metadata, name: renamed(object.metadata.name) };
    if (object.kind.endsWith("Binding"))
      return { ...object, metadata, spec: { ...spec, policyName: renamed(String(spec["policyName"])) } };
    const matchConstraints = {
      ...recordOf(spec["matchConstraints"]),
      namespaceSelector: { matchLabels: { [byName]: namespace } },
    };
    return { ...object, metadata, spec: { ...spec, matchConstraints } };
  });
}

/** The definitions of bindings and trusts, and the policy that refuses what no grant allows. */
export const definitions = (): readonly KubernetesObject[] =>
  bindingPolicies() as readonly KubernetesObject[];

/** A grant for one namespace, and for one policy. */
export function trustObject(namespace: string, issuer: string, account: string): KubernetesObject {
  return {
    apiVersion,
    kind: "AWSTrust",
    metadata: { name: namespace },
    spec: {
      stack: example.stack,
      issuer,
      accounts: [{ id: account, region: example.region }],
      grants: [{ name: "demo", namespaces: [namespace], accounts: [account], policies: [example.policy] }],
    },
  };
}

/** A binding of the one ServiceAccount of a namespace to a role with one policy, by the namespace's own trust. */
export function bindingIn(
  namespace: string,
  {
    trust,
    account,
    policy = example.policy,
  }: { readonly trust: string; readonly account: string; readonly policy?: string },
): KubernetesObject {
  return bindingObject({ namespace, name: accounts.bound, trust, account, policies: [policy] });
}

/** A pod that does nothing, in the restricted profile: only what is injected counts. */
export function podObject(namespace: string, image: string): KubernetesObject & JsonRecord {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: accounts.bound, namespace },
    spec: {
      serviceAccountName: accounts.bound,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: "app",
          image,
          imagePullPolicy: "IfNotPresent",
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
            runAsNonRoot: true,
            runAsUser: 65_532,
            seccompProfile: { type: "RuntimeDefault" },
          },
        },
      ],
    },
  };
}
