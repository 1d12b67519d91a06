import { type MetricDefinition, processMetrics } from "../../core/admin/index.ts";

const stack = { stack: "STACK" } as const;
const failures = "unreachable, not-ready, credentials, unauthenticated, forbidden, bad-answer or internal";
const refusals = "discovery-invalid, issuer-mismatch, jwks-invalid or jwks-empty";

/**
 * Every metric of the publisher. docs/reference/metrics.md is generated from here. Label values come from our own
 * config and code, never from a request, so that clients cannot create series.
 */
export const metricCatalogue = {
  ready: {
    name: "podtrust_ready",
    type: "gauge",
    help: "1 while validated documents and an unexpired certificate are held for every issuer, else 0.",
    labels: {},
  },
  documentsAge: {
    name: "podtrust_documents_age_seconds",
    type: "gauge",
    help: "Seconds since the cluster last confirmed the documents that are served. Grows while it cannot be read or is refused.",
    labels: stack,
  },
  documentsRestored: {
    name: "podtrust_documents_restored",
    type: "gauge",
    help: "1 while the documents served come from the disk and the cluster has not confirmed them since the start.",
    labels: stack,
  },
  documentsChanged: {
    name: "podtrust_documents_changed_timestamp_seconds",
    type: "gauge",
    help: "When the published keys last changed.",
    labels: stack,
  },
  documentsUnsaved: {
    name: "podtrust_documents_unsaved_total",
    type: "counter",
    help: "Failed attempts to write the last good documents to the disk.",
    labels: stack,
  },
  refreshes: {
    name: "podtrust_refreshes_total",
    type: "counter",
    help: "Answers of the cluster that were good.",
    labels: stack,
  },
  refreshFailures: {
    name: "podtrust_refresh_failures_total",
    type: "counter",
    help: "Attempts to read the cluster that gave no answer to judge.",
    labels: { ...stack, reason: failures },
  },
  refusals: {
    name: "podtrust_publication_refusals_total",
    type: "counter",
    help: "Answers of the cluster that were not published because they must not be.",
    labels: { ...stack, reason: refusals },
  },
  failingSince: {
    name: "podtrust_refresh_failing_since_timestamp_seconds",
    type: "gauge",
    help: "When the present row of failures and refusals began; absent while the last attempt was good.",
    labels: stack,
  },
  blind: {
    name: "podtrust_source_blind_seconds",
    type: "gauge",
    help: "Seconds since the cluster can no longer be read, 0 while it can: a new signing key would go unseen. /status says why, and what to do.",
    labels: stack,
  },
  formerIssuer: {
    name: "podtrust_cluster_former_issuer",
    type: "gauge",
    help: "1 while the cluster's tokens name an issuer of publisher.formerIssuers and not the one that is published, else 0.",
    labels: stack,
  },
  credentialExpiry: {
    name: "podtrust_source_credential_expiry_timestamp_seconds",
    type: "gauge",
    help: "When the credential that the cluster was last asked with expires; absent if that is not known, or if its source renews it.",
    labels: stack,
  },
  keys: {
    name: "podtrust_keys",
    type: "gauge",
    help: "Keys that are known. current and retained ones are published.",
    labels: { ...stack, state: "current, retained or distrusted" },
  },
  storeForged: {
    name: "podtrust_store_forged_total",
    type: "counter",
    help: "Times that what replicas share was found to be written by no replica: of it only distrusts are used.",
    labels: stack,
  },
  distrustsWithheld: {
    name: "podtrust_distrusts_withheld",
    type: "gauge",
    help: "Distrusts that only a Secret says and that are not followed: they would take the last key, or the one that the cluster signs with.",
    labels: stack,
  },
  warnings: {
    name: "podtrust_warnings",
    type: "gauge",
    help: "Things that work and should be put right; /status says which.",
    labels: stack,
  },
  targetConfirmed: {
    name: "podtrust_target_confirmed_timestamp_seconds",
    type: "gauge",
    help: "When the bucket was last seen to hold the right documents; absent before the first time, and for issuers that are served from here.",
    labels: stack,
  },
  targetFailures: {
    name: "podtrust_target_failures_total",
    type: "counter",
    help: "Attempts to bring the documents into the bucket that failed.",
    labels: stack,
  },
  targetConflicts: {
    name: "podtrust_target_conflicts_total",
    type: "counter",
    help: "Times that another publisher wrote into the bucket between our reading and our writing.",
    labels: stack,
  },
  certificateExpiry: {
    name: "podtrust_certificate_expiry_timestamp_seconds",
    type: "gauge",
    help: "When the certificate that is served expires; absent without one.",
    labels: stack,
  },
  certificateRenewals: {
    name: "podtrust_certificate_renewals_total",
    type: "counter",
    help: "Certificates obtained, or reread from their files, since the start.",
    labels: stack,
  },
  certificateFailures: {
    name: "podtrust_certificate_failures_in_a_row",
    type: "gauge",
    help: "Failed attempts to obtain a certificate since the last that worked.",
    labels: stack,
  },
  backupWritten: {
    name: "podtrust_backup_written_timestamp_seconds",
    type: "gauge",
    help: "When the newest backup was written; absent where none can be seen, and where the config asks for none.",
    labels: stack,
  },
  backupDue: {
    name: "podtrust_backup_due_timestamp_seconds",
    type: "gauge",
    help: "When the next backup is due, in the past while none can be written; absent if the config asks for none.",
    labels: stack,
  },
  requests: {
    name: "podtrust_http_requests_total",
    type: "counter",
    help: "Requests answered. other: paths that are none of ours and requests that could not be read.",
    labels: { ...stack, path: "discovery, jwks, challenge or other", status: "STATUS" },
  },
  latency: {
    name: "podtrust_http_request_duration_seconds",
    type: "histogram",
    help: "From a request read to its answer handed to the connection.",
    labels: {},
  },
  connections: {
    name: "podtrust_connections",
    type: "gauge",
    help: "Open connections by what they speak; handshake: not yet known.",
    labels: { protocol: "http/1.1, h2 or handshake" },
  },
  connectionsRefused: {
    name: "podtrust_connections_refused_total",
    type: "counter",
    help: "Connections turned away: all places were taken by clients that are owed an answer.",
    labels: {},
  },
  handshakes: {
    name: "podtrust_tls_handshakes_total",
    type: "counter",
    help: "TLS handshakes by their end.",
    labels: { outcome: "done or failed" },
  },
  cutOff: {
    name: "podtrust_clients_cut_off_total",
    type: "counter",
    help: "Clients cut off. flood: what they sent was no request; crowded: newcomers needed their place.",
    labels: { reason: "malformed, too-large, too-slow, flood or crowded" },
  },
  ...processMetrics,
} as const satisfies Record<string, MetricDefinition>;

export type MetricId = keyof typeof metricCatalogue;
