import { type JsonRecord, recordOf, textOf } from "../../core/base/index.ts";
import type { Reason } from "../../core/reasons/index.ts";
import { accountAnnotations, podAnnotations, skipLabel } from "./annotations.ts";
import { annotationsOf, annotatedAccess, annotatedForAgent, type Surroundings } from "./annotated-access.ts";
import { injectContainerCredentials, injectRole } from "./inject-role.ts";
import type { InjectionNote } from "./notes.ts";
import { containersOf } from "./pod.ts";
import type { RoleAccess } from "./role-access.ts";
import { skippedContainers } from "./skip-list.ts";

/** Why a pod is left as it is. */
export type UntouchedReason = Extract<
  Reason,
  "ServiceAccountMissing" | "RoleNotAnnotated" | "InjectionSkipped"
>;

/** What injection makes of a pod. */
export type Injection =
  | {
      readonly outcome: "injected";
      /** With token and variables; the object that was given where it had all of it. */
      readonly pod: JsonRecord;
      /** Undefined for a pod that has its credentials from an agent on the node. */
      readonly access: RoleAccess | undefined;
      /** The containers that the pod's annotation leaves out. */
      readonly skipped: readonly string[];
      /** What was wrong with annotations. */
      readonly notes: readonly InjectionNote[];
    }
  | {
      readonly outcome: "untouched";
      readonly pod: JsonRecord;
      readonly reason: UntouchedReason;
      /** A sentence without its full stop. */
      readonly text: string;
      /** What was wrong with annotations, where the ServiceAccount asks for a role that cannot be used. */
      readonly notes: readonly InjectionNote[];
    };

function untouched(pod: JsonRecord, around: Surroundings): readonly [UntouchedReason, string] | undefined {
  const account = textOf(recordOf(pod["spec"])["serviceAccountName"]) ?? "default";
  if (around.serviceAccount === undefined)
    return ["ServiceAccountMissing", `there is no ServiceAccount ${account} in the pod's namespace`];
  const labels = recordOf(recordOf(pod["metadata"])["labels"]);
  return labels[skipLabel] === undefined
    ? undefined
    : ["InjectionSkipped", `the pod has the label ${skipLabel}`];
}

/**
 * What a pod gets by its ServiceAccount and its namespace, all three as the API gives them: the contract of
 * amazon-eks-pod-identity-webhook, and what annotations of podtrust.dev/… ask for beyond it. Injected again, a pod
 * stays the same object. None of them is assumed to be valid.
 */
export function inject(pod: JsonRecord, around: Surroundings): Injection {
  const left = untouched(pod, around);
  if (left !== undefined) return { outcome: "untouched", pod, reason: left[0], text: left[1], notes: [] };
  const names = containersOf(pod).map(({ name }) => textOf(name) ?? "");
  const listed = skippedContainers(textOf(annotationsOf(pod)[podAnnotations["skip-containers"]]));
  const skipped = names.filter((name) => listed.includes(name));
  if (around.agent !== undefined) {
    const { access, notes } = annotatedForAgent(pod, around, around.agent);
    const injected = injectContainerCredentials(pod, access, skipped);
    return { outcome: "injected", pod: injected, access: undefined, skipped, notes };
  }
  const { access, notes } = annotatedAccess(pod, around);
  if (access === undefined) {
    const lacks = notes.length === 0 ? "no annotation" : "too long an annotation";
    const text = `the ServiceAccount has ${lacks} ${accountAnnotations["role-arn"]}`;
    return { outcome: "untouched", pod, reason: "RoleNotAnnotated", text, notes };
  }
  const injected = injectRole(pod, access, skipped);
  return { outcome: "injected", pod: injected, access, skipped, notes };
}
