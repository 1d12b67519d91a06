/** The size that IAM counts: characters without white space. */
export function policySize(text: string): number {
  return text.replaceAll(/\s/gu, "").length;
}

/** A quota that a policy is over: IAM answers LimitExceeded with HTTP status 409. */
export interface QuotaRefusal {
  readonly code: "LimitExceeded";
  readonly status: 409;
  readonly message: string;
  readonly size: number;
  readonly limit: number;
}

/** IAM's own limits, in characters without white space; the first can be raised for an account. */
export const policyQuotas = { trust: 2048, managed: 6144, inlineOfRole: 10_240 } as const;

function over(size: number, limit: number, message: string): QuotaRefusal | undefined {
  return size > limit ? { code: "LimitExceeded", status: 409, message, size, limit } : undefined;
}

/** Whether a trust policy is longer than a role may have it. */
export function trustQuota(text: string, limit: number = policyQuotas.trust): QuotaRefusal | undefined {
  return over(policySize(text), limit, `Cannot exceed quota for ACLSizePerRole: ${limit}`);
}

/** Whether a version of a managed policy is too long. */
export function managedPolicyQuota(text: string): QuotaRefusal | undefined {
  const limit = policyQuotas.managed;
  return over(policySize(text), limit, `Cannot exceed quota for PolicySize: ${limit}`);
}

/** Whether a role's inline policies, all texts together, are too long. */
export function inlinePolicyQuota(texts: readonly string[], role: string): QuotaRefusal | undefined {
  const limit = policyQuotas.inlineOfRole;
  const size = texts.reduce((sum, text) => sum + policySize(text), 0);
  return over(size, limit, `Maximum policy size of ${limit} bytes exceeded for role ${role}`);
}
