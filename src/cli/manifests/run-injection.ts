import {
  injectionPolicies,
  type ParameterMode,
  policyMinors,
  type PolicyMinor,
} from "../../injection/index.ts";
import { objectsYaml } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";

/** What was typed. */
export interface InjectionOptions {
  readonly mode: ParameterMode;
  readonly kubernetes: PolicyMinor;
  readonly deny?: boolean;
  /** False with --no-warn. */
  readonly warn: boolean;
}

function header({ kubernetes, mode, deny, warn }: InjectionOptions): string {
  const needs =
    kubernetes === "1.35"
      ? [
          "# Needs Kubernetes 1.35 whose API server has --feature-gates=MutatingAdmissionPolicy=true",
          "# and --runtime-config=admissionregistration.k8s.io/v1beta1=true.",
        ]
      : [`# Needs Kubernetes ${policyMinors[1]} or later.`];
  const source =
    mode === "configmap"
      ? "# What its ServiceAccount asks for stands in the ConfigMap podtrust-injection of its namespace."
      : "# What it gets is what its ServiceAccount is annotated with: eks.amazonaws.com/role-arn, and more.";
  return [
    "# The API server gives each new pod its role; no webhook and no pod of podtrust has a part in it.",
    source,
    ...needs,
    ...(deny === true ? ["# A pod that should have a role and got none is refused."] : []),
    ...(deny !== true && warn
      ? ["# Whoever makes a pod that should have a role and got none is warned, with the reason."]
      : []),
    "",
  ].join("\n");
}

/** `podtrust manifests injection`: YAML for kubectl apply; with `--json` the same as one List. */
export function runInjection(context: CommandContext, options: InjectionOptions): void {
  const items = injectionPolicies(options);
  if (context.json) context.output.result({ apiVersion: "v1", kind: "List", items });
  else context.output.raw(header(options) + objectsYaml(items));
}
