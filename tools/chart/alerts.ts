import { documentUrl } from "../../src/cli/documents.ts";

/** One alert: when it goes off, how bad that is, and what a person reads. */
export interface Alert {
  readonly name: string;
  /** PromQL. */
  readonly expression: string;
  /** For how long it has to hold. */
  readonly for: string;
  readonly severity: "critical" | "warning";
  readonly summary: string;
}

const day = 86_400;

/** What should wake somebody, or wait for the morning. Each has its section in docs/runbooks/publisher.md. */
export const alerts: readonly Alert[] = [
  {
    name: "PodtrustPublisherNotReady",
    expression: "min(podtrust_ready) == 0",
    for: "5m",
    severity: "critical",
    summary:
      "A publisher does not hold all that relying parties need: documents and an unexpired certificate.",
  },
  {
    name: "PodtrustPublisherGone",
    expression: "absent(podtrust_ready)",
    for: "5m",
    severity: "critical",
    summary: "No publisher is seen: from when the caches run out AWS cannot verify tokens.",
  },
  {
    name: "PodtrustPublisherBlind",
    expression: "max by (stack) (podtrust_source_blind_seconds) > 900",
    for: "0m",
    severity: "warning",
    summary: "The cluster cannot be read: a new signing key would go unseen, and its tokens be refused.",
  },
  {
    name: "PodtrustDocumentsRefused",
    expression: "sum by (stack, reason) (increase(podtrust_publication_refusals_total[10m])) > 0",
    for: "10m",
    severity: "critical",
    summary: "What the cluster says must not be published; the last good documents are served on.",
  },
  {
    name: "PodtrustCertificateExpiresSoon",
    expression: `min by (stack) (podtrust_certificate_expiry_timestamp_seconds) - time() < ${7 * day} and min by (stack) (podtrust_certificate_failures_in_a_row) > 0`,
    for: "1h",
    severity: "critical",
    summary: "The certificate is not renewed and expires within a week.",
  },
  {
    name: "PodtrustCertificateNotRenewed",
    expression: "max by (stack) (podtrust_certificate_failures_in_a_row) > 5",
    for: "1h",
    severity: "warning",
    summary: "A certificate could not be obtained several times in a row.",
  },
  {
    name: "PodtrustStateNotKept",
    expression: "sum by (stack) (increase(podtrust_documents_unsaved_total[15m])) > 0",
    for: "15m",
    severity: "warning",
    summary: "What is known of the keys cannot be kept: a restart, or another replica, would know less.",
  },
  {
    name: "PodtrustBucketNotWritten",
    expression: "time() - max by (stack) (podtrust_target_confirmed_timestamp_seconds) > 900",
    for: "5m",
    severity: "critical",
    summary: "The documents in the bucket are not confirmed: a new signing key is not public.",
  },
  {
    name: "PodtrustWarnings",
    expression: "max by (stack) (podtrust_warnings) > 0",
    for: "1h",
    severity: "warning",
    summary: "Something works and should be put right; /status says what.",
  },
];

const runbook = documentUrl("docs/runbooks/publisher.md");

/** The rules as Prometheus's operator takes them (monitoring.coreos.com/v1). */
export function prometheusRule(metadata: object): object {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata,
    spec: {
      groups: [
        {
          name: "podtrust-publisher",
          rules: alerts.map(({ name, expression, for: lasting, severity, summary }) => ({
            alert: name,
            expr: expression,
            for: lasting,
            labels: { severity },
            annotations: { summary, runbook_url: `${runbook}#${name.toLowerCase()}` },
          })),
        },
      ],
    },
  };
}
