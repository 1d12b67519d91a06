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

const publisher: readonly Alert[] = [
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
    name: "PodtrustBackupOverdue",
    expression: "time() - max by (stack) (podtrust_backup_due_timestamp_seconds) > 3600",
    for: "15m",
    severity: "warning",
    summary: "No backup was written when one was due: what cannot be made again may have no copy.",
  },
  {
    name: "PodtrustStoreForged",
    expression: "sum by (stack) (increase(podtrust_store_forged_total[15m])) > 0",
    for: "0m",
    severity: "critical",
    summary:
      "Somebody who is no replica writes what replicas share; no key and no certificate is taken of it.",
  },
  {
    name: "PodtrustDistrustsWithheld",
    expression: "max by (stack) (podtrust_distrusts_withheld) > 0",
    for: "0m",
    severity: "critical",
    summary:
      "A Secret alone says that the last key, or the one that signs, is distrusted; it is published on until a person decides.",
  },
  {
    name: "PodtrustWarnings",
    expression: "max by (stack) (podtrust_warnings) > 0",
    for: "1h",
    severity: "warning",
    summary: "Something works and should be put right; /status says what.",
  },
];

const operator: readonly Alert[] = [
  {
    name: "PodtrustOperatorGone",
    expression: "absent(podtrust_operator_ready)",
    for: "5m",
    severity: "critical",
    summary: "No operator is seen: pods without their role are not reported, and no binding is reconciled.",
  },
  {
    name: "PodtrustOperatorNoLeader",
    expression: "sum(podtrust_operator_leader) == 0",
    for: "2m",
    severity: "critical",
    summary: "No replica of the operator leads: nothing is written and no binding reconciled.",
  },
  {
    name: "PodtrustOperatorNotReady",
    expression: "min by (pod) (podtrust_operator_ready) == 0",
    for: "10m",
    severity: "warning",
    summary: "A replica has not seen yet all that is in the cluster, and could not take over.",
  },
  {
    name: "PodtrustOperatorBehind",
    expression: "max by (resource) (podtrust_operator_follow_failing) == 1",
    for: "10m",
    severity: "warning",
    summary: "The API server cannot be followed: what the operator knows of the cluster may be old.",
  },
  {
    name: "PodtrustInjectionDead",
    expression: "min(podtrust_operator_injection_alive) == 0",
    for: "2m",
    severity: "critical",
    summary: "Injection is dead: new pods come up without the token of their role.",
  },
  {
    name: "PodtrustInjectionUnseen",
    expression:
      "absent(podtrust_operator_injection_alive) and on () sum(increase(podtrust_operator_injection_trials_total[15m])) > 0",
    for: "15m",
    severity: "warning",
    summary: "Injection cannot be tested: a failure would go unnoticed.",
  },
  {
    name: "PodtrustWebhookFails",
    expression: 'sum(increase(podtrust_operator_webhook_reviews_total{outcome="failed"}[10m])) > 0',
    for: "10m",
    severity: "warning",
    summary: "The webhook could not answer API servers for some pods: those got what its failurePolicy says.",
  },
  {
    name: "PodtrustWebhookCertificateExpiresSoon",
    expression: `min by (pod) (podtrust_operator_webhook_certificate_expiry_timestamp_seconds) - time() < ${7 * day}`,
    for: "1h",
    severity: "critical",
    summary:
      "The webhook's certificate is not renewed: when it expires no API server asks the webhook any more.",
  },
  {
    name: "PodtrustPodsNotInjected",
    expression: "sum by (reason) (podtrust_operator_faulty_pods) > 0",
    for: "15m",
    severity: "warning",
    summary: "Pods run without what injection gives them, and cannot call AWS as they should.",
  },
  {
    name: "PodtrustReconcilesFail",
    expression: "sum by (controller) (podtrust_operator_failing_keys) > 0",
    for: "15m",
    severity: "warning",
    summary: "Something could not be reconciled several times in a row.",
  },
  {
    name: "PodtrustBindingsNotReady",
    expression:
      'sum by (controller, reason) (podtrust_operator_unmet_keys{controller=~"bindings|trusts",reason!="AwsUnavailable"}) > 0',
    for: "15m",
    severity: "warning",
    summary: "Bindings or trusts are not Ready: their ServiceAccounts may not get their roles.",
  },
  {
    name: "PodtrustAwsUnavailable",
    expression: 'sum(podtrust_operator_unmet_keys{reason="AwsUnavailable"}) > 0',
    for: "10m",
    severity: "warning",
    summary: "AWS throttles the operator or does not answer it: roles are neither made nor repaired.",
  },
];

/**
 * An API server's own metrics show most of it, and they are scraped where its signer, on loopback, is not. A signer that
 * is away leaves the API server's livez and readyz as they are.
 */
const signer: readonly Alert[] = [
  {
    name: "PodtrustSignerAway",
    expression: "time() - apiserver_externaljwt_fetch_keys_success_timestamp > 120",
    for: "1m",
    severity: "critical",
    summary: "An API server cannot reach its signer: no pod gets a new token there.",
  },
  {
    name: "PodtrustSignerFails",
    // Canceled: the client that asked for the token went away.
    expression:
      'sum by (instance, code) (increase(apiserver_externaljwt_sign_request_total{code!~"OK|Canceled"}[5m])) > 0',
    for: "5m",
    severity: "critical",
    summary: "A signer refuses or fails signatures that its API server asks for; its log says why.",
  },
  {
    name: "PodtrustSignerSlow",
    expression:
      'histogram_quantile(0.99, sum by (instance, le) (rate(apiserver_externaljwt_request_duration_seconds_bucket{method="/v1.ExternalJWTSigner/Sign"}[5m]))) > 1',
    for: "10m",
    severity: "warning",
    summary: "One signature in a hundred takes more than a second: pods start late.",
  },
  {
    name: "PodtrustSignerKeysUnread",
    expression: "max by (instance) (podtrust_signer_keys_unread) == 1",
    for: "5m",
    severity: "warning",
    summary: "What a signer's folder holds cannot be used; the keys of before go on.",
  },
];

/**
 * What should page at night, or wait for the morning. Each has its section in docs/how-to/runbooks/, a page
 * for each part.
 */
export const alerts = { publisher, operator, signer } as const;

/** A part of podtrust that is watched. */
export type Watched = keyof typeof alerts;

/** A part whose pods are a Deployment's. A signer is a unit or a static pod beside its API server. */
export type WatchedPods = Exclude<Watched, "signer">;

/** The rules of one part as Prometheus's operator takes them (monitoring.coreos.com/v1). */
export function prometheusRule(part: Watched, metadata: object): object {
  // A page of podtrust's, and no `runbook_url`: no registry has our names yet, and anyone who registers one
  // would control it.
  const runbook = `docs/how-to/runbooks/${part}.md`;
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata,
    spec: {
      groups: [
        {
          name: `podtrust-${part}`,
          rules: alerts[part].map(({ name, expression, for: lasting, severity, summary }) => ({
            alert: name,
            expr: expression,
            for: lasting,
            labels: { severity },
            annotations: { summary, runbook: `${runbook}#${name.toLowerCase()}` },
          })),
        },
      ],
    },
  };
}

/** What has Prometheus's operator read the metrics of one part, from each pod by itself. */
export function podMonitor(part: WatchedPods, metadata: object, instance: string): object {
  const matchLabels = {
    "app.kubernetes.io/name": `podtrust-${part}`,
    "app.kubernetes.io/instance": instance,
  };
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata,
    spec: { selector: { matchLabels }, podMetricsEndpoints: [{ port: "admin", path: "/metrics" }] },
  };
}
