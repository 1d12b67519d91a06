import { type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import { skipLabel } from "../../rules/injection/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { trialLabels } from "../canary.ts";
import { injectPath, webhookName, webhookNames } from "./names.ts";

/** What happens to pods while no replica answers: they come up without their role, or not at all. */
export type FailurePolicy = "Ignore" | "Fail";

export interface ConfigurationSpec {
  /** The operator's. */
  readonly namespace: string;
  readonly failurePolicy: FailurePolicy;
}

export const configurationKind = "MutatingWebhookConfiguration";
export const configurationVersion = "admissionregistration.k8s.io/v1";

const namespaceLabel = "kubernetes.io/metadata.name";

/**
 * The configuration by which API servers ask the operator for each new pod.
 *
 * - Never for the operator's own pods, nor for those of kube-system: what the webhook needs to run must not wait for
 *   it. Of its namespace only the operator's trial pods are sent, by a webhook that blocks nothing.
 * - `matchConditions` leave out pods that certainly get nothing. They must not check whether work is left: a webhook
 *   that was not called at first is not called again after others have added a sidecar.
 */
export function webhookConfiguration({ namespace, failurePolicy }: ConfigurationSpec): KubernetesObject {
  const shared = {
    admissionReviewVersions: ["v1"],
    clientConfig: { service: { namespace, name: webhookName, path: injectPath, port: 443 } },
    rules: [
      {
        apiGroups: [""],
        apiVersions: ["v1"],
        operations: ["CREATE"],
        resources: ["pods"],
        scope: "Namespaced",
      },
    ],
    reinvocationPolicy: "IfNeeded",
    sideEffects: "None",
    timeoutSeconds: 5,
  };
  return {
    apiVersion: configurationVersion,
    kind: configurationKind,
    metadata: { name: webhookName },
    webhooks: [
      {
        name: webhookNames.injection,
        ...shared,
        failurePolicy,
        namespaceSelector: {
          matchExpressions: [{ key: namespaceLabel, operator: "NotIn", values: ["kube-system", namespace] }],
        },
        objectSelector: { matchExpressions: [{ key: skipLabel, operator: "DoesNotExist" }] },
        matchConditions: [
          {
            // Created by a node, without a ServiceAccount.
            name: "no-mirror-pod",
            expression: '!("kubernetes.io/config.mirror" in object.metadata.?annotations.orValue({}))',
          },
        ],
      },
      {
        name: webhookNames.trial,
        ...shared,
        failurePolicy: "Ignore",
        namespaceSelector: { matchLabels: { [namespaceLabel]: namespace } },
        objectSelector: { matchLabels: trialLabels },
      },
    ],
  };
}

/** The CA bundle of each webhook, PEM; an empty text if there is none. */
export function bundlesOf(configuration: JsonRecord): readonly string[] {
  return recordsOf(configuration["webhooks"]).map(({ clientConfig }) =>
    Buffer.from(textOf(recordOf(clientConfig)["caBundle"]) ?? "", "base64").toString("utf8"),
  );
}

/** The part of a configuration with the CA bundle, and nothing else: for server-side apply. */
export function withBundle(configuration: JsonRecord, bundle: string): KubernetesObject {
  const caBundle = Buffer.from(bundle).toString("base64");
  return {
    apiVersion: configurationVersion,
    kind: configurationKind,
    metadata: { name: webhookName },
    webhooks: recordsOf(configuration["webhooks"]).map(({ name }) => ({ name, clientConfig: { caBundle } })),
  };
}

/** A configuration as it was applied: without the CA bundle and what the API server wrote into it. */
export function asApplied({ webhooks }: JsonRecord): KubernetesObject {
  const untrusting = (config: JsonRecord): JsonRecord =>
    Object.fromEntries(Object.entries(config).filter(([key]) => key !== "caBundle"));
  return {
    apiVersion: configurationVersion,
    kind: configurationKind,
    metadata: { name: webhookName },
    webhooks: recordsOf(webhooks).map((one) => ({
      ...one,
      clientConfig: untrusting(recordOf(one["clientConfig"])),
    })),
  };
}

/** What is remembered of it: whether it changed. */
export const followedConfiguration = {
  kind: configurationKind,
  fields: `metadata.name=${webhookName}`,
  metadataOnly: true,
  keep: (object: JsonRecord) => textOf(recordOf(object["metadata"])["resourceVersion"]),
} as const;
