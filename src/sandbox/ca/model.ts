import type { Problem } from "./problem.ts";
import type { JsonRecord } from "../../core/base/index.ts";

export interface CaAccount {
  readonly id: string;
  jwk: JsonRecord;
  thumbprint: string;
  contact: readonly string[];
  status: "valid" | "deactivated";
  readonly orders: string[];
}

export type ChallengeType = "http-01" | "tls-alpn-01" | "dns-01";

export interface Challenge {
  readonly id: string;
  readonly type: ChallengeType;
  readonly token: string;
  readonly authorization: Authorization;
  status: "pending" | "processing" | "valid" | "invalid";
  /** Milliseconds since the epoch. */
  validatedAt: number | undefined;
  error: Problem | undefined;
}

export interface Authorization {
  readonly id: string;
  readonly account: string;
  /** Without `*.`. */
  readonly name: string;
  readonly wildcard: boolean;
  readonly expiresAt: number;
  readonly challenges: Challenge[];
  status: "pending" | "valid" | "invalid" | "deactivated";
}

export interface Order {
  readonly id: string;
  readonly account: string;
  /** DNS names, also with `*.`. */
  readonly names: readonly string[];
  readonly authorizations: readonly Authorization[];
  readonly profile: string;
  /** RFC 9773 §5: the identifier of the certificate that it replaces. */
  readonly replaces: string | undefined;
  readonly expiresAt: number;
  status: "pending" | "ready" | "valid" | "invalid";
  certificate: string | undefined;
  error: Problem | undefined;
  /** How often it is still shown as `processing`. */
  pollsLeft: number;
}

export interface CaCertificate {
  readonly id: string;
  readonly account: string;
  /** Leaf and intermediate, PEM. */
  readonly chain: string;
  /** RFC 9773 §4.1. */
  readonly renewalId: string;
  /** DER of the leaf, base64url. */
  readonly der: string;
  /** RFC 7638 of the leaf's key. */
  readonly thumbprint: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  revoked: boolean;
  /** If set, renewal is requested at once. */
  renewNow: { readonly explanationUrl: string | undefined } | undefined;
}
