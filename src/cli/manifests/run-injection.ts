import { defined, PodtrustError } from "../../core/base/index.ts";
import { federatedParties, type RelyingPartyName } from "../../rules/oidc/index.ts";
import {
  type AccountPolicies,
  injectionPolicies,
  maxServiceAccounts,
  namespaceLabel,
  type ParameterMode,
  type PodPolicies,
  policyMinors,
  type PolicyMinor,
} from "../../rules/injection/index.ts";
import { relyingParty } from "../../stack/parts/relying-parties/index.ts";
import type { CommandContext } from "../context.ts";
import { printObjects } from "./print-objects.ts";

/** What was typed. */
export interface InjectionOptions {
  /** The relying party that pods are given a token for. */
  readonly for: RelyingPartyName;
  readonly mode?: ParameterMode;
  readonly namespace?: readonly string[];
  readonly kubernetes: PolicyMinor;
  readonly deny?: boolean;
  /** False with --no-warn. */
  readonly warn: boolean;
}

/** What was typed, and where. */
interface InjectionCommand {
  readonly context: CommandContext;
  readonly options: InjectionOptions;
}

/** With the cost of both, so that the user can choose. */
const choose = new PodtrustError("usage", "no --mode was given, by which the API server finds a pod's role", {
  next:
    "Choose --mode configmap: a pod's price is the same however many ServiceAccounts a namespace has; the operator keeps " +
    "a ConfigMap in each namespace with a role (manifests operator --config-maps). Or choose --mode serviceaccounts: the " +
    "annotation alone is enough, without an operator; a pod's price is its size times the namespace's ServiceAccounts, " +
    `so it holds in namespaces with the label ${namespaceLabel.key}=${namespaceLabel.value}, of ${maxServiceAccounts} ` +
    "ServiceAccounts at most by ResourceQuota. docs/how-to/injection.md has the figures.",
});

/** What else has to be done. */
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

/** A comment that pods are refused. */
const refusing = ({ deny }: InjectionOptions): readonly string[] =>
  deny === true ? ["# A pod that asks and got no token is refused."] : [];

/** Injection for a relying party that pods ask for themselves: the policy reads only the pod, and has no modes. */
function runForPods(title: string, policies: PodPolicies, { context, options }: InjectionCommand): void {
  const { kubernetes, mode, namespace, deny } = options;
  if (mode !== undefined || namespace !== undefined)
    throw new PodtrustError("usage", `--mode and --namespace are not of --for ${options.for}`, {
      next: `Leave them out: the policy for ${title} reads the pod's own annotations.`,
    });
  const [key, value] = policies.asksBy;
  const lines = [
    `# The API server gives ${title}'s token to each new pod that asks by its own annotation`,
    `# ${key}: ${value}`,
    ...needsOf(kubernetes),
    ...refusing(options),
    "",
  ];
  printObjects(context, policies.policies({ kubernetes, ...defined({ deny }) }), lines.join("\n"));
}

function header(options: InjectionOptions & { readonly mode: ParameterMode }): string {
  const { kubernetes, mode, namespace = [], deny, warn } = options;
  const source =
    mode === "configmap"
      ? ["# What its ServiceAccount asks for is in the ConfigMap podtrust-injection of its namespace."]
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
      ? ["# The client that creates a pod which should have a role and got none is warned, with the reason."]
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

/** Injection for AWS: the policies of a mode. */
function runForAws({ context, options }: InjectionCommand): void {
  const mode = modeOf(options);
  const namespaces = options.namespace ?? [];
  printObjects(context, injectionPolicies({ ...options, mode, namespaces }), header({ ...options, mode }));
}

/** Injection for a relying party that ServiceAccounts ask for: the policies of a mode. */
function runForAccounts(
  title: string,
  { asksBy, configMap, policies }: AccountPolicies,
  asked: InjectionCommand,
): void {
  const { context, options } = asked;
  const { kubernetes, namespace: namespaces = [], deny, warn } = options;
  const mode = modeOf(options);
  const lines = [
    `# The API server gives ${title}'s token to each new pod whose ServiceAccount asks, by the annotation`,
    `# ${asksBy.join(" or ")}.`,
    ...(mode === "configmap"
      ? [`# What they ask for is in the ConfigMap ${configMap} of each namespace.`]
      : besides(namespaces)),
    ...needsOf(kubernetes),
    ...refusing(options),
    "",
  ];
  printObjects(
    context,
    policies({ mode, namespaces, kubernetes, warn, ...defined({ deny }) }),
    lines.join("\n"),
  );
}

/** `podtrust manifests injection`: YAML for kubectl apply; with `--json` the same as one List. */
export async function runInjection(context: CommandContext, options: InjectionOptions): Promise<void> {
  const asked = { context, options };
  const name = federatedParties.find((one) => one === options.for);
  if (name === undefined) {
    runForAws(asked);
    return;
  }
  const { limits, injection } = relyingParty(name);
  const policies = await injection();
  if (policies.askedBy === "pod") runForPods(limits.title, policies, asked);
  else runForAccounts(limits.title, policies, asked);
}
