import { type ErrorCode, PodtrustError } from "../../../core/base/index.ts";
import type { Reason } from "../../../core/reasons/index.ts";
import { finding, type Finding } from "../../../stack/index.ts";

const ofError: Readonly<Partial<Record<ErrorCode, Reason>>> = {
  "plan-name-taken": "NotOwned",
  "plan-changed": "FederatedCredentialDrift",
  "azure-limit": "QuotaReached",
};

/** What an error means that occurred while Azure was asked. */
export function azureTrouble(error: PodtrustError, from: string): Finding {
  const { message, next, code } = error;
  const reason = ofError[code] ?? (code.startsWith("azure-") ? "AzureNotAsked" : "LookFailed");
  return finding(reason, { seen: message, from, next, code });
}

/** Whether an error is about Azure, and not about the cluster or podtrust. */
export function isAzures(error: unknown): error is PodtrustError {
  return error instanceof PodtrustError && (error.code.startsWith("azure-") || error.code in ofError);
}

/** Errors of Azure, for the engine of bindings. */
export const azureErrors = {
  vendor: "Azure",
  isVendors: isAzures,
  trouble: azureTrouble,
  late: (message: string): PodtrustError => new PodtrustError("azure-unavailable", message),
} as const;
