/**
 * What an API server with a signer tells of it, which alerts and dashboard ask for (kubernetes
 * pkg/serviceaccount/externaljwt/metrics). test/cluster/signer/signer.test.ts finds each of them at a real one.
 */
export const apiServerMetrics = {
  fetched: {
    name: "apiserver_externaljwt_fetch_keys_success_timestamp",
    type: "gauge",
    help: "When the keys were last fetched, as Unix time.",
    labels: {},
  },
  signed: {
    name: "apiserver_externaljwt_sign_request_total",
    type: "counter",
    help: "Signatures that were asked for.",
    labels: { code: "of gRPC, by its name" },
  },
  duration: {
    name: "apiserver_externaljwt_request_duration_seconds",
    type: "histogram",
    help: "How long calls took.",
    labels: { method: "its path", code: "of gRPC, by its name" },
  },
} as const;
