import type { KubernetesVersion } from "../harness/index.ts";

/** The flags without which an API server has no MutatingAdmissionPolicy: none from 1.36 on. */
export function policyGate(version: KubernetesVersion): readonly string[] {
  if (version !== "1.35") return [];
  return [
    "--feature-gates=MutatingAdmissionPolicy=true",
    "--runtime-config=admissionregistration.k8s.io/v1beta1=true",
  ];
}
