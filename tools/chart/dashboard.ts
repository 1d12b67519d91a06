interface Panel {
  readonly title: string;
  readonly expression: string;
  readonly legend: string;
  readonly unit: string;
}

const panels: readonly Panel[] = [
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

/** PromQL of every panel. */
export const dashboardExpressions: readonly string[] = panels.map(({ expression }) => expression);

/** The dashboard as Grafana takes it in, two panels a row. */
export function dashboard(): object {
  return {
    title: "podtrust publisher",
    uid: "podtrust-publisher",
    schemaVersion: 39,
    tags: ["podtrust"],
    time: { from: "now-24h", to: "now" },
    refresh: "1m",
    templating: { list: [{ name: "datasource", type: "datasource", query: "prometheus" }] },
    panels: panels.map(({ title, expression, legend, unit }, index) => ({
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
