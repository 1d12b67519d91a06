import {
  inlinePolicyQuota,
  managedPolicyQuota,
  type PolicyDocument,
  PolicyError,
  type QuotaRefusal,
  readPolicy,
  trustPolicyRefusal,
  trustQuota,
} from "../../../rules/trust/index.ts";
import type { Role } from "../state/records.ts";
import { AwsError } from "../wire/error.ts";

/** The partition of the sandbox's account, and of everything that its policies name. */
const partition = "aws";

function malformed(error: PolicyError, rule: string): AwsError {
  const { awsCode, awsMessage, message: why, next } = error;
  return new AwsError(awsCode, awsMessage, { rule, why, next, cause: error });
}

function checkGrammar(text: string, kind: "trust" | "identity"): PolicyDocument {
  const read = readPolicy(text, kind, partition);
  if (read instanceof PolicyError) throw malformed(read, "policy-grammar");
  return read;
}

function checkSize(refusal: QuotaRefusal | undefined): void {
  if (refusal === undefined) return;
  const { code, message, status, size, limit } = refusal;
  throw new AwsError(code, message, {
    status,
    rule: "within-quota",
    why: `the policy has ${size} characters without white space, ${limit} are allowed`,
  });
}

/** Refuses a trust policy that IAM would not store. */
export function checkTrustPolicy(text: string): void {
  const refusal = trustPolicyRefusal(checkGrammar(text, "trust"));
  if (refusal !== undefined) throw malformed(refusal.error, refusal.rule);
  checkSize(trustQuota(text));
}

/** Refuses a managed policy's document that IAM would not store. */
export function checkManagedPolicy(text: string): void {
  checkGrammar(text, "identity");
  checkSize(managedPolicyQuota(text));
}

/** Refuses an inline policy that IAM would not store beside those that the role has. */
export function checkInlinePolicy(role: Role, name: string, text: string): void {
  checkGrammar(text, "identity");
  checkSize(inlinePolicyQuota(Object.values({ ...role.inline, [name]: text }), role.name));
}
