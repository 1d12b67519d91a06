import {
  type MetricDefinition,
  plainSample,
  processMetrics,
  processSamples,
  type Sample,
} from "../core/admin/index.ts";
import type { Reason } from "../core/reasons/index.ts";
import type { Operator, OperatorStatus } from "./operator.ts";
import { requestOutcomes } from "./webhook/tallies.ts";

const controller = { controller: "CONTROLLER" } as const;
const resource = { resource: "serviceaccounts, namespaces or pods" } as const;

/** Every metric of the operator. docs/reference/metrics.md is generated from here. */
export const operatorMetrics = {
  ready: {
    name: "podtrust_operator_ready",
    type: "gauge",
    help: "1 once everything that is there was seen, else 0.",
    labels: {},
  },
  leads: {
    name: "podtrust_operator_leader",
    type: "gauge",
    help: "1 in the replica that leads, 0 in the others. The sum is 1, and 0 for some seconds after a leader died.",
    labels: {},
  },
  objects: {
    name: "podtrust_operator_followed_objects",
    type: "gauge",
    help: "Objects that are kept in memory.",
    labels: resource,
  },
  lists: {
    name: "podtrust_operator_lists_total",
    type: "counter",
    help: "How often everything was listed: once, and after each outage of the API server.",
    labels: resource,
  },
  events: {
    name: "podtrust_operator_watch_events_total",
    type: "counter",
    help: "Changes that were heard of.",
    labels: resource,
  },
  failing: {
    name: "podtrust_operator_follow_failing",
    type: "gauge",
    help: "1 while the API server cannot be followed, and what is known of it may be old, else 0.",
    labels: resource,
  },
  queue: {
    name: "podtrust_operator_queue",
    type: "gauge",
    help: "Keys that wait for a worker.",
    labels: controller,
  },
  failingKeys: {
    name: "podtrust_operator_failing_keys",
    type: "gauge",
    help: "Keys whose last reconcile failed.",
    labels: controller,
  },
  unmet: {
    name: "podtrust_operator_unmet_keys",
    type: "gauge",
    help: "Keys that were reconciled and do not have what they ask for: bindings and trusts that are not Ready. In the replica that leads.",
    labels: { ...controller, reason: "REASON" },
  },
  reconciles: {
    name: "podtrust_operator_reconciles_total",
    type: "counter",
    help: "Reconciles by their outcome.",
    labels: { ...controller, outcome: "done or failed" },
  },
  seconds: {
    name: "podtrust_operator_reconcile_seconds_total",
    type: "counter",
    help: "Seconds that reconciles took, all together.",
    labels: controller,
  },
  faulty: {
    name: "podtrust_operator_faulty_pods",
    type: "gauge",
    help: "Pods that are not as injection makes them, in the replica that leads.",
    labels: {
      reason: "PodNotInjected, PodInjectionStale, PodRoleDiffers, PodTokenNotMounted or PodAudienceRefused",
    },
  },
  evicted: {
    name: "podtrust_operator_evicted_pods_total",
    type: "counter",
    help: "Pods that were evicted so that their owner makes one that is injected.",
    labels: {},
  },
  canary: {
    name: "podtrust_operator_injection_alive",
    type: "gauge",
    help: "1 where a pod made for trial got its token, 0 where it did not, or was refused for that. Absent where it could not be tried, and in replicas that do not lead.",
    labels: {},
  },
  trials: {
    name: "podtrust_operator_injection_trials_total",
    type: "counter",
    help: "How often injection was tried, about once a minute in the replica that leads.",
    labels: {},
  },
  reviews: {
    name: "podtrust_operator_webhook_reviews_total",
    type: "counter",
    help: "Pods that API servers asked the webhook about, by what came of it: failed ones got what the failurePolicy says.",
    labels: { outcome: requestOutcomes.join(", ") },
  },
  reviewSeconds: {
    name: "podtrust_operator_webhook_review_seconds",
    type: "histogram",
    help: "Time from a review's head to its answer.",
    labels: {},
  },
  webhookExpiry: {
    name: "podtrust_operator_webhook_certificate_expiry_timestamp_seconds",
    type: "gauge",
    help: "When the certificate that the webhook shows expires; absent without one.",
    labels: {},
  },
  ...processMetrics,
} as const satisfies Record<string, MetricDefinition>;

type Samples = Readonly<Record<keyof typeof operatorMetrics, readonly Sample[]>>;

const foundReasons = [
  "PodNotInjected",
  "PodInjectionStale",
  "PodRoleDiffers",
  "PodTokenNotMounted",
  "PodAudienceRefused",
] as const satisfies readonly Reason[];

function followSamples({ follows }: OperatorStatus) {
  const of = (value: (one: OperatorStatus["follows"][number]) => number): readonly Sample[] =>
    follows.map((one) => ({ labels: { resource: one.resource }, value: value(one) }));
  return {
    objects: of(({ objects }) => objects),
    lists: of(({ lists }) => lists),
    events: of(({ events }) => events),
    failing: of(({ failing }) => (failing === undefined ? 0 : 1)),
  };
}

function controllerSamples({ controllers }: OperatorStatus) {
  const of = (value: (one: OperatorStatus["controllers"][number]) => number): readonly Sample[] =>
    controllers.map((one) => ({ labels: { controller: one.name }, value: value(one) }));
  return {
    queue: of(({ queue }) => queue),
    failingKeys: of(({ failing }) => failing),
    seconds: of(({ seconds }) => seconds),
    unmet: controllers.flatMap(({ name, unmet }) =>
      Object.entries(unmet).map(([reason, value]) => ({ labels: { controller: name, reason }, value })),
    ),
    reconciles: controllers.flatMap(({ name, done, failed }) =>
      Object.entries({ done, failed }).map(([outcome, value]) => ({
        labels: { controller: name, outcome },
        value,
      })),
    ),
  };
}

function webhookSamples({ reviews, status: { webhook } }: Operator) {
  const until = webhook?.certificateUntil;
  return {
    reviews:
      reviews === undefined
        ? []
        : requestOutcomes.map((outcome) => ({ labels: { outcome }, value: reviews.outcomes[outcome] })),
    reviewSeconds: reviews?.latency.samples ?? [],
    webhookExpiry: until === undefined ? [] : plainSample(until / 1000),
  };
}

/** Samples of every metric at this moment. */
export function operatorSamples(operator: Operator): Samples {
  const { status } = operator;
  const { ready, leadership, found, evicted, canary } = status;
  return {
    ready: plainSample(ready ? 1 : 0),
    leads: plainSample(leadership.leads ? 1 : 0),
    ...followSamples(status),
    ...controllerSamples(status),
    faulty: foundReasons.map((reason) => ({
      labels: { reason },
      value: found.filter((one) => one.reason === reason).length,
    })),
    evicted: plainSample(evicted),
    canary:
      leadership.leads && canary !== undefined && canary.state !== "unseen"
        ? plainSample(canary.state === "injecting" ? 1 : 0)
        : [],
    trials: plainSample(operator.trials),
    ...webhookSamples(operator),
    ...processSamples(),
  };
}
