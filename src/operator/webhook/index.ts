export { type FailurePolicy, followedConfiguration } from "./configuration.ts";
export { type WebhookSpec, webhookObjects, webhookPort, webhookRules } from "./manifests.ts";
export type { Lives } from "./rotation.ts";
export { requestOutcomes, type ReviewTallies } from "./tallies.ts";
export { Webhook, type WebhookOptions, type WebhookStatus } from "./webhook.ts";
