import { randomBytes } from "node:crypto";
import type { FederatedGrant } from "../../rules/gcp/index.ts";
import { sameSecret } from "../listener/index.ts";

/** A caller. */
export type GoogleCaller =
  | { readonly kind: "admin" }
  | { readonly kind: "account"; readonly email: string }
  /** `pool`: its id, since disabling or deleting a pool invalidates its tokens. */
  | { readonly kind: "federated"; readonly pool: string; readonly grant: FederatedGrant };

/** An issued bearer token. */
export interface BearerToken {
  readonly caller: GoogleCaller;
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** The most bearer tokens remembered; the oldest makes room. */
const maxTokens = 10_000;

/** The access tokens of a project: opaque to all clients, like Google's. */
export class Tokens {
  /** It has every right, and never expires. */
  readonly admin = `ya29.podtrust-${randomBytes(32).toString("base64url")}`;
  readonly #issued = new Map<string, BearerToken>();

  /** Issues a new token; one of a federated identity begins like Google's. */
  issue(issued: BearerToken): string {
    const kind = issued.caller.kind === "federated" ? "d" : "c";
    const token = `ya29.${kind}.${randomBytes(96).toString("base64url")}`;
    this.#issued.set(token, issued);
    const [oldest] = this.#issued.keys();
    if (this.#issued.size > maxTokens && oldest !== undefined) this.#issued.delete(oldest);
    return token;
  }

  /** The caller of a token at a time in milliseconds; undefined for one that is unknown or expired. */
  find(token: string, now: number): BearerToken | undefined {
    if (sameSecret(token, this.admin))
      return { caller: { kind: "admin" }, scopes: [cloudPlatform], expiresAt: Number.POSITIVE_INFINITY };
    const issued = this.#issued.get(token);
    return issued !== undefined && now < issued.expiresAt ? issued : undefined;
  }

  clear(): void {
    this.#issued.clear();
  }
}

/** The scope that every API accepts. */
export const cloudPlatform = "https://www.googleapis.com/auth/cloud-platform";

/** The caller, for the record of decisions. */
export function callerName(caller: GoogleCaller): string {
  if (caller.kind === "admin") return "admin";
  return caller.kind === "account" ? caller.email : caller.grant.principal;
}

/** The administrator, who needs no policy. */
export const adminMember = "user:admin@podtrust.test";

/** Every member of a policy that matches a caller. */
export function membersOfCaller(caller: GoogleCaller): readonly string[] {
  if (caller.kind === "admin") return [adminMember];
  return caller.kind === "account" ? [`serviceAccount:${caller.email}`] : caller.grant.members;
}
