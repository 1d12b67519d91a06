import { parsePolicy, PolicyError, policySize } from "../../trust/index.ts";
import { AwsError } from "../wire/index.ts";
import { withinQuota } from "./quotas.ts";

function checkGrammar(text: string, kind: "trust" | "identity"): void {
  try {
    parsePolicy(text, kind);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new AwsError(error.awsCode, error.awsMessage, {
      rule: "policy-grammar",
      why: error.message,
      next: error.next,
      cause: error,
    });
  }
}

/** Refuses a trust policy that IAM would not store. */
export function checkTrustPolicy(text: string): void {
  checkGrammar(text, "trust");
  withinQuota("ACLSizePerRole", policySize(text));
}

/** Refuses a managed policy's document that IAM would not store. */
export function checkManagedPolicy(text: string): void {
  checkGrammar(text, "identity");
  withinQuota("PolicySize", policySize(text));
}

/** Refuses an inline policy that IAM would not store. */
export function checkInlinePolicy(text: string): void {
  checkGrammar(text, "identity");
}

/** Documents leave IAM percent-encoded (RFC 3986). */
export function encodedDocument(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
