import { randomBytes, randomInt } from "node:crypto";

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function letters(count: number): string {
  return Array.from({ length: count }, () => base32.charAt(randomInt(base32.length))).join("");
}

/**
 * AWS's unique ids, four letters for the kind and sixteen or seventeen more (IAM User Guide, "Unique identifiers"):
 * AROA role, AIPA instance profile, ANPA managed policy, AIDA user, AKIA access key, ASIA temporary access key.
 */
export function uniqueId(kind: "AROA" | "AIPA" | "ANPA" | "AIDA" | "AKIA" | "ASIA"): string {
  return `${kind}${letters(kind === "AKIA" || kind === "ASIA" ? 16 : 17)}`;
}

/** Forty characters, as AWS's secret access keys. */
export function secretKey(): string {
  return randomBytes(30).toString("base64");
}

/** An opaque session token. */
export function sessionToken(): string {
  return `podtrust-sandbox-${randomBytes(96).toString("base64")}`;
}
