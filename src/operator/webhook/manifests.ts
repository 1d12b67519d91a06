import { type FailurePolicy, webhookConfiguration } from "./configuration.ts";
import { webhookName } from "./names.ts";

/** How the webhook is configured. */
export interface WebhookSpec {
  readonly namespace: string;
  readonly failurePolicy: FailurePolicy;
  /** Labels of the operator's pods. */
  readonly podLabels: Readonly<Record<string, string>>;
}

/** The port of the operator's pods. */
export const webhookPort = 9443;

/** Its rights in the whole cluster, and in the operator's namespace: RBAC rules. */
export const webhookRules = {
  cluster: [
    {
      apiGroups: ["admissionregistration.k8s.io"],
      resources: ["mutatingwebhookconfigurations"],
      resourceNames: [webhookName],
      // It is recreated by server-side apply, whose create right can be limited to a name.
      verbs: ["get", "list", "watch", "patch", "create"],
    },
  ],
  own: [{ apiGroups: [""], resources: ["secrets"], resourceNames: [webhookName], verbs: ["get", "update"] }],
} as const;

/** The webhook's Service, the Secret of its certificates, and its configuration, in the order of creation. */
export function webhookObjects({ namespace, failurePolicy, podLabels }: WebhookSpec): readonly object[] {
  const metadata = { name: webhookName, namespace };
  return [
    // Empty: the operator owns its content, and applying this again leaves that in place.
    { apiVersion: "v1", kind: "Secret", metadata, type: "Opaque" },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: {
        selector: podLabels,
        ports: [{ name: "webhook", port: 443, protocol: "TCP", targetPort: webhookPort }],
      },
    },
    webhookConfiguration({ namespace, failurePolicy }),
  ];
}
