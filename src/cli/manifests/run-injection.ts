import { PodtrustError } from "../../core/base/index.ts";
import { boundsOf } from "../../rules/oidc/index.ts";
import {
  type AccountParty,
  asksBy,
  injectionPolicies,
  maxServiceAccounts,
  namespaceLabel,
  openbaoAnnotations,
  openbaoPolicies,
  type ParameterMode,
  partyMap,
  partyPolicies,
  policyMinors,
  type PolicyMinor,
} from "../../rules/injection/index.ts";
import type { CommandContext } from "../context.ts";
import { printObjects } from "./print-objects.ts";

/** What was typed. */
export interface InjectionOptions {
  /** The relying party that pods are given a token for. */
  readonly for: "aws" | "openbao" | AccountParty;
  readonly mode?: ParameterMode;
  readonly namespace?: readonly string[];
  readonly kubernetes: PolicyMinor;
  readonly deny?: boolean;
  /** False with --no-warn. */
  readonly warn: boolean;
}

/** With both prices, so that it is a choice. */
const choose = new PodtrustError("usage", "no --mode was given, by which the API server finds a pod's role", {
  next:
    "Choose --mode configmap: a pod's price is the same however many ServiceAccounts a namespace has; the operator keeps " +
    "a ConfigMap in each namespace with a role (manifests operator --config-maps). Or choose --mode serviceaccounts: the " +
    "annotation alone is enough, without an operator; a pod's price is its size times the namespace's ServiceAccounts, " +
    `so it holds in namespaces with the label ${namespaceLabel.key}=${namespaceLabel.value}, of ${maxServiceAccounts} ` +
    "ServiceAccounts at most by ResourceQuota. docs/how-to/injection.md has the figures.",
});

/** What has to be done beside. */
function besides(namespaces: readonly string[]): readonly string[] {
  const each = namespaces.length === 0 ? ["NAMESPACE"] : namespaces;
  const label = `${namespaceLabel.key}=${namespaceLabel.value}`;
  return [
    `# It holds in namespaces with the label ${label}, in which the ResourceQuota podtrust-injection`,
    `# bounds the ServiceAccounts to ${maxServiceAccounts} (--namespace prints it):`,
    ...each.map((namespace) => `#   kubectl label namespace ${namespace} ${label}`),
  ];
}

function needsOf(kubernetes: PolicyMinor): readonly string[] {
  if (kubernetes !== "1.35") return [`# Needs Kubernetes ${policyMinors[1]} or later.`];
  return [
    "# Needs Kubernetes 1.35 whose API server has --feature-gates=MutatingAdmissionPolicy=true",
    "# and --runtime-config=admissionregistration.k8s.io/v1beta1=true.",
  ];
}

/** What pods of OpenBao are given: the policy reads nothing but the pod, and has no modes. */
function runForOpenBao(context: CommandContext, options: InjectionOptions): void {
  const { kubernetes, mode, namespace, deny } = options;
  if (mode !== undefined || namespace !== undefined || deny !== undefined)
    throw new PodtrustError("usage", "--mode, --namespace and --deny are not of --for openbao", {
      next: "Leave them out: the policy for OpenBao reads the pod's own annotations.",
    });
  const lines = [
    "# The API server gives OpenBao's token to each new pod that asks by its own annotation",
    `# ${openbaoAnnotations.address}: https://bao.example.com:8200`,
    ...needsOf(kubernetes),
    "",
  ];
  printObjects(context, openbaoPolicies(kubernetes), lines.join("\n"));
}

function header(options: InjectionOptions & { readonly mode: ParameterMode }): string {
  const { kubernetes, mode, namespace = [], deny, warn } = options;
  const source =
    mode === "configmap"
      ? ["# What its ServiceAccount asks for stands in the ConfigMap podtrust-injection of its namespace."]
      : [
          "# What it gets is what its ServiceAccount is annotated with: eks.amazonaws.com/role-arn, and more.",
          ...besides(namespace),
        ];
  return [
    "# The API server gives each new pod its role; no webhook and no pod of podtrust has a part in it.",
    ...source,
    ...needsOf(kubernetes),
    ...(deny === true ? ["# A pod that should have a role and got none is refused."] : []),
    ...(deny !== true && warn
      ? ["# Whoever makes a pod that should have a role and got none is warned, with the reason."]
      : []),
    "",
  ].join("\n");
}

/** The mode that was chosen. */
function modeOf({ mode, namespace = [] }: InjectionOptions): ParameterMode {
  if (mode === undefined) throw choose;
  if (mode === "configmap" && namespace.length > 0)
    throw new PodtrustError("usage", "--namespace is for --mode serviceaccounts: the other needs no quota");
  return mode;
}

/** What pods are given for AWS: the policies of a mode. */
function runForAws(context: CommandContext, options: InjectionOptions): void {
  const mode = modeOf(options);
  const namespaces = options.namespace ?? [];
  printObjects(context, injectionPolicies({ ...options, mode, namespaces }), header({ ...options, mode }));
}

/** What pods are given for another relying party that their ServiceAccounts ask for: the policies of a mode. */
function runForParty(party: AccountParty, context: CommandContext, options: InjectionOptions): void {
  const { kubernetes, namespace: namespaces = [], deny, warn } = options;
  if (deny !== undefined)
    throw new PodtrustError("usage", "--deny is of --for aws", {
      next: "Leave it out: whoever makes a pod is warned of annotations that cannot be used.",
    });
  const mode = modeOf(options);
  const map = partyMap(party);
  const lines = [
    `# The API server gives ${boundsOf(party).title}'s token to each new pod whose ServiceAccount asks, by the annotation`,
    `# ${asksBy(map).join(" or ")}.`,
    ...(mode === "configmap"
      ? [`# What they ask for stands in the ConfigMap ${map.configMap} of each namespace.`]
      : besides(namespaces)),
    ...needsOf(kubernetes),
    "",
  ];
  printObjects(context, partyPolicies(party, { mode, namespaces, kubernetes, warn }), lines.join("\n"));
}

/** One row for each relying party whose token is injected. */
const printed: Readonly<
  Record<InjectionOptions["for"], (context: CommandContext, options: InjectionOptions) => void>
> = {
  aws: runForAws,
  gcp: (context, options) => runForParty("gcp", context, options),
  azure: (context, options) => runForParty("azure", context, options),
  openbao: runForOpenBao,
};

/** `podtrust manifests injection`: YAML for kubectl apply; with `--json` the same as one List. */
export function runInjection(context: CommandContext, options: InjectionOptions): void {
  printed[options.for](context, options);
}
