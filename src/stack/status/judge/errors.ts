import type { ErrorCode, PodtrustError } from "../../../core/base/index.ts";
import type { Reason } from "../../../core/reasons/index.ts";
import type { LookResult } from "../facts.ts";
import { type Finding, finding, skipped } from "../finding.ts";

// A cluster that cannot be read says nothing about the chain, unless it is down.
const ofCluster: Readonly<Partial<Record<ErrorCode, Reason>>> = {
  "cluster-unreachable": "ClusterUnreachable",
  "cluster-not-ready": "ClusterNotReady",
  "cluster-unauthenticated": "ClusterAccessDenied",
  "cluster-forbidden": "ClusterAccessDenied",
  "cluster-credentials": "ClusterCredentialsMissing",
  "exec-plugin-unconfirmed": "ClusterCredentialsMissing",
  "file-unreadable": "ClusterCredentialsMissing",
  "home-unknown": "ClusterCredentialsMissing",
  "kubeconfig-invalid": "ClusterCredentialsMissing",
  "kubeconfig-context": "ClusterCredentialsMissing",
  "kubeconfig-unsupported": "ClusterCredentialsMissing",
  "cluster-answer-invalid": "ClusterDocumentsInvalid",
  "discovery-invalid": "ClusterDocumentsInvalid",
  "jwks-invalid": "ClusterDocumentsInvalid",
};

const ofAws: Readonly<Partial<Record<ErrorCode, Reason>>> = {
  "aws-no-credentials": "CredentialsMissing",
  "aws-credentials-expired": "CredentialsMissing",
  "aws-credentials-refused": "CredentialsMissing",
  "aws-wrong-account": "AccountMismatch",
  "aws-denied": "AwsAccessDenied",
  "aws-invalid-input": "InputInvalid",
  "aws-throttled": "AwsUnavailable",
  "aws-clock": "AwsUnavailable",
  "aws-unavailable": "AwsUnavailable",
  "aws-unreachable": "AwsUnavailable",
  "aws-refused": "AwsUnavailable",
};

function findingOf(reason: Reason, { message, next, code }: PodtrustError, from: string): Finding {
  return finding(reason, { seen: message, from, next, code });
}

/** What an error of the cluster means, reported at the link that met it first. */
export function clusterFinding(error: PodtrustError, from: string): Finding {
  return findingOf(ofCluster[error.code] ?? "LookFailed", error, from);
}

/** What an error of AWS means. */
export function awsFinding(error: PodtrustError, from: string): Finding {
  return findingOf(ofAws[error.code] ?? "LookFailed", error, from);
}

/** What is reported at `cluster`, and would only be repeated at each link that needs the cluster. */
const reportedAtCluster: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "cluster-unreachable",
  "cluster-not-ready",
  "cluster-unauthenticated",
  "cluster-credentials",
  "exec-plugin-unconfirmed",
  "file-unreadable",
]);

/** What an error of a later call to the cluster means. */
export function behindCluster(error: PodtrustError, from: string): Finding {
  if (reportedAtCluster.has(error.code)) return skipped("cluster", from);
  return findingOf(error.code === "cluster-forbidden" ? "ClusterAccessDenied" : "LookFailed", error, from);
}

/** The value of a look, or the finding in its place. */
export function valueOf<T>(
  seen: LookResult<T>,
  from: string,
  judge: (error: PodtrustError, from: string) => Finding,
): { readonly value: T } | { readonly finding: Finding } {
  if (seen.kind === "seen") return { value: seen.value };
  return { finding: seen.kind === "failed" ? judge(seen.error, from) : skipped(seen.needs, from) };
}
