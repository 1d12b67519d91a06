interface Panel {
  readonly title: string;
  readonly expression: string;
  readonly legend: string;
  readonly unit: string;
}

const publisher: readonly Panel[] = [
  { title: "Ready", expression: "podtrust_ready", legend: "{{pod}}", unit: "bool_yes_no" },
  {
    title: "Blind: the cluster cannot be read",
    expression: "max by (stack) (podtrust_source_blind_seconds)",
    legend: "{{stack}}",
    unit: "s",
  },
  {
    title: "Certificate: time left",
    expression: "min by (stack) (podtrust_certificate_expiry_timestamp_seconds) - time()",
    legend: "{{stack}}",
    unit: "s",
  },
  {
    title: "Certificate: failures in a row",
    expression: "max by (stack) (podtrust_certificate_failures_in_a_row)",
    legend: "{{stack}}",
    unit: "short",
  },
  {
    title: "Keys",
    expression: "max by (stack, state) (podtrust_keys)",
    legend: "{{stack}} {{state}}",
    unit: "short",
  },
  {
    title: "Documents: since the cluster confirmed them",
    expression: "max by (stack) (podtrust_documents_age_seconds)",
    legend: "{{stack}}",
    unit: "s",
  },
  {
    title: "Requests a second",
    expression: "sum by (path, status) (rate(podtrust_http_requests_total[5m]))",
    legend: "{{path}} {{status}}",
    unit: "reqps",
  },
  {
    title: "Answers: 99 of 100 within",
    expression:
      "histogram_quantile(0.99, sum by (le) (rate(podtrust_http_request_duration_seconds_bucket[5m])))",
    legend: "p99",
    unit: "s",
  },
  {
    title: "Refused documents",
    expression: "sum by (stack, reason) (increase(podtrust_publication_refusals_total[1h]))",
    legend: "{{stack}} {{reason}}",
    unit: "short",
  },
  {
    title: "Failed readings of the cluster",
    expression: "sum by (stack, reason) (increase(podtrust_refresh_failures_total[1h]))",
    legend: "{{stack}} {{reason}}",
    unit: "short",
  },
  {
    title: "Connections",
    expression: "sum by (protocol) (podtrust_connections)",
    legend: "{{protocol}}",
    unit: "short",
  },
  {
    title: "Clients cut off",
    expression: "sum by (reason) (increase(podtrust_clients_cut_off_total[1h]))",
    legend: "{{reason}}",
    unit: "short",
  },
];

const operator: readonly Panel[] = [
  { title: "Who leads", expression: "podtrust_operator_leader", legend: "{{pod}}", unit: "bool_yes_no" },
  {
    title: "Injection: a pod made for trial got its token",
    expression: "min(podtrust_operator_injection_alive)",
    legend: "alive",
    unit: "bool_yes_no",
  },
  {
    title: "Pods that the webhook was asked about, a second",
    expression: "sum by (outcome) (rate(podtrust_operator_webhook_reviews_total[5m]))",
    legend: "{{outcome}}",
    unit: "ops",
  },
  {
    title: "The webhook: 99 of 100 answered within",
    expression:
      "histogram_quantile(0.99, sum by (le) (rate(podtrust_operator_webhook_review_seconds_bucket[5m])))",
    legend: "p99",
    unit: "s",
  },
  {
    title: "Pods that are not as injection makes them",
    expression: "sum by (reason) (podtrust_operator_faulty_pods)",
    legend: "{{reason}}",
    unit: "short",
  },
  {
    title: "Evicted pods",
    expression: "sum(increase(podtrust_operator_evicted_pods_total[1h]))",
    legend: "in an hour",
    unit: "short",
  },
  {
    title: "Bindings and trusts that are not Ready",
    expression: 'sum by (controller, reason) (podtrust_operator_unmet_keys{controller=~"bindings|trusts"})',
    legend: "{{controller}} {{reason}}",
    unit: "short",
  },
  {
    title: "Reconciles a second",
    expression: "sum by (controller, outcome) (rate(podtrust_operator_reconciles_total[5m]))",
    legend: "{{controller}} {{outcome}}",
    unit: "ops",
  },
  {
    title: "A reconcile takes",
    expression:
      "sum by (controller) (rate(podtrust_operator_reconcile_seconds_total[5m])) / sum by (controller) (rate(podtrust_operator_reconciles_total[5m]))",
    legend: "{{controller}}",
    unit: "s",
  },
  {
    title: "Keys that wait, and that fail",
    expression: "sum by (controller) (podtrust_operator_queue + podtrust_operator_failing_keys)",
    legend: "{{controller}}",
    unit: "short",
  },
  {
    title: "Behind the API server",
    expression: "max by (resource) (podtrust_operator_follow_failing)",
    legend: "{{resource}}",
    unit: "bool_yes_no",
  },
  {
    title: "Objects in memory",
    expression: "max by (resource) (podtrust_operator_followed_objects)",
    legend: "{{resource}}",
    unit: "short",
  },
];

const signer: readonly Panel[] = [
  {
    title: "Keys: since an API server last fetched them",
    expression: "time() - apiserver_externaljwt_fetch_keys_success_timestamp",
    legend: "{{instance}}",
    unit: "s",
  },
  {
    title: "Signatures a second",
    expression: "sum by (instance, code) (rate(apiserver_externaljwt_sign_request_total[5m]))",
    legend: "{{instance}} {{code}}",
    unit: "ops",
  },
  {
    title: "A signature, as API servers see it: 99 of 100 within",
    expression:
      'histogram_quantile(0.99, sum by (instance, le) (rate(apiserver_externaljwt_request_duration_seconds_bucket{method="/v1.ExternalJWTSigner/Sign"}[5m])))',
    legend: "{{instance}}",
    unit: "s",
  },
  {
    title: "A signature, in the signer itself: 99 of 100 within",
    expression:
      "histogram_quantile(0.99, sum by (instance, le) (rate(podtrust_signer_sign_seconds_bucket[5m])))",
    legend: "{{instance}}",
    unit: "s",
  },
  {
    title: "Keys",
    expression: "max by (instance, state) (podtrust_signer_keys)",
    legend: "{{instance}} {{state}}",
    unit: "short",
  },
  {
    title: "Since when the current key signs",
    expression: "time() - max by (instance) (podtrust_signer_current_key_timestamp_seconds)",
    legend: "{{instance}}",
    unit: "s",
  },
  {
    title: "Calls that failed",
    expression: 'sum by (method, code) (increase(podtrust_signer_calls_total{code!="ok"}[1h]))',
    legend: "{{method}} {{code}}",
    unit: "short",
  },
  {
    title: "What its folder holds cannot be used",
    expression: "max by (instance) (podtrust_signer_keys_unread)",
    legend: "{{instance}}",
    unit: "bool_yes_no",
  },
];

const dashboards = { publisher, operator, signer } as const;

/** PromQL of every panel of a part's dashboard. */
export const dashboardExpressions = (part: keyof typeof dashboards): readonly string[] =>
  dashboards[part].map(({ expression }) => expression);

/** A part's dashboard as Grafana takes it in, two panels a row. */
export function dashboard(part: keyof typeof dashboards): object {
  return {
    title: `podtrust ${part}`,
    uid: `podtrust-${part}`,
    schemaVersion: 39,
    tags: ["podtrust"],
    time: { from: "now-24h", to: "now" },
    refresh: "1m",
    templating: { list: [{ name: "datasource", type: "datasource", query: "prometheus" }] },
    panels: dashboards[part].map(({ title, expression, legend, unit }, index) => ({
      id: index + 1,
      type: "timeseries",
      title,
      datasource: { type: "prometheus", uid: "${datasource}" },
      gridPos: { x: (index % 2) * 12, y: Math.floor(index / 2) * 8, w: 12, h: 8 },
      fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
      targets: [{ refId: "A", expr: expression, legendFormat: legend }],
    })),
  };
}
