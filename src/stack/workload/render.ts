import { yamlText } from "../../core/yaml/index.ts";
import { podFragment, workloadPatch, type PatchSpec } from "./patch.ts";
import { serviceAccountObject, type WorkloadTarget } from "./target.ts";

/** Objects as YAML documents, for kubectl apply. */
export function objectsYaml(objects: readonly object[]): string {
  return objects.map(yamlText).join("---\n");
}

/** What `manifests workload` gives, as data: the ServiceAccount, and what its pods need. */
export function workloadParts(target: WorkloadTarget): { serviceAccount: object; podSpec: object } {
  return { serviceAccount: serviceAccountObject(target), podSpec: podFragment(target, "YOUR-CONTAINER") };
}

/** The ServiceAccount as YAML, and in comments what belongs in the spec of its pods. */
export function workloadYaml(target: WorkloadTarget): string {
  const { serviceAccount, podSpec } = workloadParts(target);
  const fragment = yamlText(podSpec).trimEnd().split("\n");
  return [
    yamlText(serviceAccount).trimEnd(),
    "# This belongs into the spec of the pods (spec.template.spec of a Deployment). For one that exists already,",
    "# --patch deployment/NAME prints it as a patch for kustomize and kubectl patch.",
    ...fragment.map((line) => `# ${line}`),
    "",
  ].join("\n");
}

/** The patch as YAML. */
export function patchYaml(target: WorkloadTarget, spec: PatchSpec): string {
  const patch = workloadPatch(target, spec);
  return [
    `# kustomization.yaml: patches: [{path: THIS-FILE, target: {kind: ${patch.kind}, name: ${patch.metadata.name}}}]`,
    `# or at once: kubectl patch -n ${target.namespace} ${spec.of} --patch-file THIS-FILE`,
    yamlText(patch),
  ].join("\n");
}
