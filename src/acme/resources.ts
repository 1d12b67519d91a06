import type { Identifier } from "./solver.ts";

/** RFC 8555 §7.1.1, with ARI (RFC 9773 §3) and profiles (draft-ietf-acme-profiles). */
export interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  readonly revokeCert: string;
  readonly keyChange: string | undefined;
  readonly renewalInfo: string | undefined;
  readonly termsOfService: string | undefined;
  /** What a CAA record calls this CA. */
  readonly caaIdentities: readonly string[];
  readonly externalAccountRequired: boolean;
  /** Name → description; empty when the CA has none. */
  readonly profiles: Readonly<Record<string, string>>;
}

/** RFC 8555 §7.1.3. */
export interface Order {
  readonly url: string;
  readonly status: "pending" | "ready" | "processing" | "valid" | "invalid";
  readonly identifiers: readonly Identifier[];
  readonly authorizations: readonly string[];
  readonly finalize: string;
  readonly certificate: string | undefined;
  readonly error: unknown;
}

/** RFC 8555 §7.1.5. */
export interface Challenge {
  readonly type: string;
  readonly url: string;
  readonly status: "pending" | "processing" | "valid" | "invalid";
  /** Empty for types that have none. */
  readonly token: string;
  readonly error: unknown;
}

/** RFC 8555 §7.1.4. */
export interface Authorization {
  readonly url: string;
  readonly status: "pending" | "valid" | "invalid" | "deactivated" | "expired" | "revoked";
  readonly identifier: Identifier;
  readonly wildcard: boolean;
  readonly challenges: readonly Challenge[];
}

/** An order to be made. */
export interface NewOrder {
  readonly names: readonly string[];
  readonly profile?: string;
  /** The certificate that this one is to replace, by its ARI identifier (RFC 9773 §5). */
  readonly replaces?: string;
}

/** When the CA would have a certificate renewed (RFC 9773 §4.2). Times in milliseconds since the epoch. */
export interface RenewalInfo {
  readonly start: number;
  readonly end: number;
  readonly explanationUrl: string | undefined;
  /** Milliseconds after which to ask again. */
  readonly retryAfter: number;
}

/** External account binding (RFC 8555 §7.3.4). */
export interface ExternalAccount {
  readonly kid: string;
  /** The HMAC key in base64url, as CAs hand it out. */
  readonly hmacKey: string;
}
