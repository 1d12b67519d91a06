import type { JsonRecord } from "../../../core/base/index.ts";
import type { OtherScopes, TrustScope } from "../scopes.ts";

export interface RoleTag {
  readonly key: string;
  readonly value: string;
}

/** A role that podtrust makes. */
export interface ManagedSpec {
  /** ARNs. */
  readonly policies?: readonly string[];
  readonly inline?: readonly { readonly name: string; readonly document: JsonRecord }[];
  readonly maxSessionSeconds: number;
  readonly tags?: readonly RoleTag[];
  /** Absent: Delete. */
  readonly onDelete?: "Delete" | "Retain";
  /** ARN of a role to take over. */
  readonly adopt?: string;
}

/** One role of a binding: one of `managed`, `existing` and `chain`. */
export interface RoleOfBinding {
  readonly profile: string;
  readonly account?: string;
  readonly managed?: ManagedSpec;
  readonly existing?: { readonly arn: string };
  /** A role that the one of the profile `default` assumes (role chaining). */
  readonly chain?: { readonly arn: string; readonly externalId?: string };
}

export interface BindingSpec {
  /** Name of an AWSTrust. */
  readonly trust: string;
  readonly roles: readonly RoleOfBinding[];
}

/** An AWSRoleBinding that was read: its name is that of the ServiceAccount. */
export interface Binding extends BindingSpec {
  readonly namespace: string;
  readonly name: string;
}

export interface Grant {
  readonly name: string;
  /** Patterns, as are the ARNs below. */
  readonly namespaces: readonly string[];
  readonly serviceAccounts?: readonly string[];
  readonly accounts: readonly string[];
  readonly policies?: readonly string[];
  readonly existingRoles?: readonly string[];
  readonly adoptRoles?: readonly string[];
  readonly chainedRoles?: readonly string[];
  readonly inline: boolean;
  readonly retain: boolean;
  readonly boundary?: string;
  readonly maxSessionSeconds: number;
  readonly maxRoles: number;
  readonly tags?: readonly RoleTag[];
}

export interface TrustAccount extends TrustScope {
  readonly region: string;
  readonly assumeRole?: string;
}

export interface TrustSpec {
  readonly stack: string;
  readonly issuer: string;
  readonly accounts: readonly TrustAccount[];
  readonly audiences: readonly string[];
  readonly path: string;
  /** Issuers whose OIDC providers roles of the stack may still trust. */
  readonly formerIssuers?: readonly string[];
  readonly grants?: readonly Grant[];
}

/** An AWSTrust that was read. */
export interface Trust extends TrustSpec, OtherScopes<TrustAccount> {
  readonly name: string;
  readonly grants: readonly Grant[];
}

/** The accounts in which roles of a trust's bindings may stand. */
export function scopesOf({
  accounts,
  leaving,
}: Pick<Trust, "accounts" | "leaving">): readonly TrustAccount[] {
  return [...accounts, ...leaving];
}
