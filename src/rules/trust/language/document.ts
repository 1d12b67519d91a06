/** What a policy is for, which decides what may stand in it. */
export type PolicyKind = "trust" | "identity" | "session" | "boundary";

/** The Version of the policy language; without one IAM takes the older. */
export type PolicyVersion = "2008-10-17" | "2012-10-17";

/** A kind of principal in a policy. */
export type PrincipalType = "AWS" | "Federated" | "Service" | "CanonicalUser";

/**
 * Values by kind of principal. `"*"` in the place of the object is read as `{"*": ["*"]}`: all principals of every kind, the
 * users of an OIDC provider too (IAM User Guide, "AWS JSON policy elements: Principal", "All principals").
 */
export type Principals = Readonly<Partial<Record<PrincipalType | "*", readonly string[]>>>;

/** One line of a Condition block: all lines of a statement must hold, of the values one. */
export interface Condition {
  /** As IAM writes it: `ForAnyValue:StringLikeIfExists`. */
  readonly operator: string;
  /** As written; compared without regard to case. */
  readonly key: string;
  readonly values: readonly string[];
}

/** One statement. Exactly one of `actions` and `notActions` is there; likewise for resources, except in trust policies. */
export interface Statement {
  readonly sid?: string;
  readonly effect: "Allow" | "Deny";
  readonly principals?: Principals;
  readonly notPrincipals?: Principals;
  readonly actions?: readonly string[];
  readonly notActions?: readonly string[];
  readonly resources?: readonly string[];
  readonly notResources?: readonly string[];
  readonly conditions: readonly Condition[];
}

/** An IAM policy document, read. */
export interface PolicyDocument {
  /** Policy variables count in 2012-10-17 only. */
  readonly version: PolicyVersion;
  readonly id?: string;
  readonly statements: readonly Statement[];
}

/** A policy with its familiar name: `AmazonSSMReadOnlyAccess`, `inline:read`. */
export interface NamedPolicy {
  readonly name: string;
  readonly document: PolicyDocument;
}
