import { randomBytes } from "node:crypto";
import type { FederatedGrant } from "../../rules/gcp/index.ts";
import { sameSecret } from "../listener/index.ts";

/** Who calls. */
export type GoogleCaller =
  | { readonly kind: "admin" }
  | { readonly kind: "account"; readonly email: string }
  /** `pool`: its id, since a pool that is disabled or deleted cuts its tokens. */
  | { readonly kind: "federated"; readonly pool: string; readonly grant: FederatedGrant };

/** A bearer token that was given out. */
export interface BearerToken {
  readonly caller: GoogleCaller;
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Bearer tokens that are remembered; the oldest makes room. */
const maxTokens = 10_000;

/** The access tokens of a project: opaque to everybody, as Google's are. */
export class Tokens {
  /** May do everything, and never expires. */
  readonly admin = `ya29.podtrust-${randomBytes(32).toString("base64url")}`;
  readonly #issued = new Map<string, BearerToken>();

  /** Gives a new token out; one of a federated identity begins as Google's do. */
  issue(issued: BearerToken): string {
    const kind = issued.caller.kind === "federated" ? "d" : "c";
    const token = `ya29.${kind}.${randomBytes(96).toString("base64url")}`;
    this.#issued.set(token, issued);
    const [oldest] = this.#issued.keys();
    if (this.#issued.size > maxTokens && oldest !== undefined) this.#issued.delete(oldest);
    return token;
  }

  /** Whose token it is at a time in milliseconds; undefined for one that is unknown or has expired. */
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

/** The scope that every API takes. */
export const cloudPlatform = "https://www.googleapis.com/auth/cloud-platform";

/** Who calls, for the record of decisions. */
export function callerName(caller: GoogleCaller): string {
  if (caller.kind === "admin") return "admin";
  return caller.kind === "account" ? caller.email : caller.grant.principal;
}

/** Whom the administrator's token is: no policy has to name it. */
export const adminMember = "user:admin@podtrust.test";

/** Every member of a policy that lets a caller in. */
export function membersOfCaller(caller: GoogleCaller): readonly string[] {
  if (caller.kind === "admin") return [adminMember];
  return caller.kind === "account" ? [`serviceAccount:${caller.email}`] : caller.grant.members;
}
