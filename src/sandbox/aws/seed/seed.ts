/** The initial content of an account for a test. AWS's own operation creates each part, and may refuse it. */
export interface Seed {
  readonly providers?: readonly SeedProvider[];
  readonly roles?: readonly SeedRole[];
  readonly parameters?: readonly SeedParameter[];
}

/** An IAM OIDC provider (IAM API Reference, CreateOpenIDConnectProvider). */
export interface SeedProvider {
  /** The issuer's URL. */
  readonly url: string;
  /** Its client IDs. */
  readonly audiences?: readonly string[];
  /** SHA-1 in hex; if absent, fetched from the issuer, as IAM does. */
  readonly thumbprints?: readonly string[];
}

/** A role (IAM API Reference, CreateRole, PutRolePolicy, AttachRolePolicy). STS sees it at once. */
export interface SeedRole {
  readonly name: string;
  /** An object, or its JSON. */
  readonly trustPolicy: object | string;
  /** Inline policies by name, each an object or its JSON. */
  readonly inline?: Readonly<Record<string, object | string>>;
  /** ARNs of managed policies. */
  readonly policies?: readonly string[];
  /** `/`, or `/a/b/`. */
  readonly path?: string;
  /**
   * Of its sessions, in seconds.
   *
   * @default 3600
   */
  readonly maxSession?: number;
  /** ARN of the permissions boundary. */
  readonly boundary?: string;
}

/** An SSM parameter (Systems Manager API Reference, PutParameter). */
export interface SeedParameter {
  readonly name: string;
  readonly value: string;
  /**
   * Its type.
   *
   * @default "String"
   */
  readonly type?: "String" | "StringList" | "SecureString";
  /**
   * The region in which it lives.
   *
   * @default "us-east-1"
   */
  readonly region?: string;
}
