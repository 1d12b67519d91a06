/** Names of the webhook's objects: its Service, the Secret with its certificates, its MutatingWebhookConfiguration. */
export const webhookName = "podtrust-webhook";

/** The webhooks of the configuration: one for all pods, and one for the operator's trial pods. */
export const webhookNames = { injection: "injection.podtrust.dev", trial: "trial.podtrust.dev" } as const;

/** Where AdmissionReviews are sent. */
export const injectPath = "/inject";

/** The name that API servers verify: that of its Service. */
export function serviceDnsName(namespace: string): string {
  return `${webhookName}.${namespace}.svc`;
}
