/** A tag; order is kept, keys are case-sensitive in store (each service decides what counts as the same). */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** An IAM OIDC provider. All times in this folder are milliseconds since the epoch. */
export interface OidcProvider {
  readonly arn: string;
  /** Without scheme and without `:443`, otherwise verbatim. */
  readonly url: string;
  readonly clientIds: readonly string[];
  /** Lower case, duplicates kept. */
  readonly thumbprints: readonly string[];
  readonly tags: readonly Tag[];
  readonly createDate: number;
}

/** A role. Its trust policy as STS sees it lags behind: `seenRole` gives that view. */
export interface Role {
  readonly name: string;
  /** `/` or `/a/b/`. */
  readonly path: string;
  /** `AROA…`. */
  readonly id: string;
  readonly arn: string;
  readonly createDate: number;
  readonly description?: string;
  /** Seconds. */
  readonly maxSessionDuration: number;
  /** Verbatim. */
  readonly trustPolicy: string;
  readonly trustChanged: number;
  /** What STS still sees until a change has spread. */
  readonly trustBefore?: string;
  /** The wait was ended by hand: STS sees a role even if it is new. */
  readonly spread?: true;
  /** Inline policies, name → text as given. */
  readonly inline: Readonly<Record<string, string>>;
  /** ARNs of attached managed policies, in order of attachment. */
  readonly attached: readonly string[];
  /** ARN of the permissions boundary. */
  readonly boundary?: string;
  readonly tags: readonly Tag[];
}

/** Assigns a role to an EC2 instance. */
export interface InstanceProfile {
  readonly name: string;
  readonly path: string;
  /** `AIPA…`. */
  readonly id: string;
  readonly arn: string;
  readonly createDate: number;
  /** One at most. */
  readonly role?: string;
  readonly tags: readonly Tag[];
}

export interface ManagedPolicyVersion {
  /** `v1`. */
  readonly id: string;
  readonly document: string;
  readonly createDate: number;
}

/** A customer's managed policy. */
export interface ManagedPolicy {
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  /** `ANPA…`. */
  readonly id: string;
  readonly description?: string;
  readonly createDate: number;
  readonly updateDate: number;
  readonly defaultVersion: string;
  /** Number of the next version: numbers are never used again. */
  readonly nextVersion: number;
  readonly versions: readonly ManagedPolicyVersion[];
  readonly tags: readonly Tag[];
}

/** An SSM parameter with its versions, newest last; there is always one. */
export interface Parameter {
  /** As it was first written: `a` and `/a` name the same parameter. */
  readonly name: string;
  readonly arn: string;
  readonly versions: readonly ParameterVersion[];
  readonly tags: readonly Tag[];
}
export interface ParameterVersion {
  readonly version: number;
  /** Clear text, even of a SecureString: the state folder is what protects it. */
  readonly value: string;
  readonly type: "String" | "StringList" | "SecureString";
  readonly tier: string;
  readonly dataType: string;
  readonly description?: string;
  readonly allowedPattern?: string;
  readonly keyId?: string;
  readonly date: number;
  /** ARN of its author. */
  readonly by: string;
  readonly labels: readonly string[];
}

/** A long-lived key pair of the sandbox's administrator, with every right. */
export interface AdminAccessKey {
  /** `AKIA…`. */
  readonly id: string;
  readonly secret: string;
  readonly createDate: number;
}

/** Temporary credentials. */
export interface Session {
  /** `ASIA…`. */
  readonly accessKeyId: string;
  readonly secret: string;
  readonly token: string;
  readonly createDate: number;
  readonly expires: number;
  /** Of a role (AssumeRole…), or of the administrator (GetSessionToken). */
  readonly of: SessionOwner;
  /** Texts of the session's policies: inline, then those of PolicyArns. Empty: no limit. */
  readonly policies: readonly { readonly name: string; readonly document: string }[];
  readonly tags: readonly Tag[];
  readonly transitiveTagKeys: readonly string[];
  readonly sourceIdentity?: string;
  /** ARN of the OIDC provider of a web identity (`aws:FederatedProvider`). */
  readonly federatedProvider?: string;
  /** The context keys of the web identity that stay for the session: `issuer:sub`, `issuer:aud`. */
  readonly claims?: Readonly<Record<string, string | readonly string[]>>;
}
type SessionOwner =
  | {
      readonly kind: "role";
      readonly roleArn: string;
      readonly roleName: string;
      readonly roleId: string;
      readonly sessionName: string;
    }
  | { readonly kind: "admin" };

/** The signer of a call. */
export interface Caller {
  readonly kind: "admin" | "assumed-role";
  /** `arn:aws:iam::A:user/podtrust-admin`, `arn:aws:sts::A:assumed-role/NAME/SESSION`. */
  readonly arn: string;
  /** `AIDA…`, `AROA…:SESSION`. */
  readonly userId: string;
  readonly account: string;
  readonly accessKeyId: string;
  /** Present for temporary credentials. */
  readonly session?: Session;
}
