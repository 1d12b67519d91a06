/**
 * The names of what the webhook consists of: its Service, the Secret with its certificates, its
 * MutatingWebhookConfiguration.
 */
export const webhookName = "podtrust-webhook";

/** The webhooks of the configuration: the one for everybody's pods, and the one for the operator's own trials. */
export const webhookNames = { injection: "injection.podtrust.dev", trial: "trial.podtrust.dev" } as const;

/** Where AdmissionReviews are sent. */
export const injectPath = "/inject";

/** The name by which API servers verify it: that of its Service. */
export function serviceDnsName(namespace: string): string {
  return `${webhookName}.${namespace}.svc`;
}
