export interface RoleConfig {
  readonly name: string;
  /** ServiceAccounts that may assume it, as NAMESPACE/NAME. */
  readonly serviceAccounts: readonly string[];
  /** Patterns of ServiceAccounts, as NAMESPACE/NAME with `*` and `?`. */
  readonly subjectPatterns: readonly string[];
  /** ARNs of managed policies. */
  readonly policies: readonly string[];
  /** Inline policies by name, as JSON text. */
  readonly inline: Readonly<Record<string, string>>;
  /** ARN of the permissions boundary. */
  readonly boundary?: string;
  readonly path: string;
  readonly description?: string;
  /** Seconds. */
  readonly maxSession: number;
  /** AWS_ROLE_SESSION_NAME of the workload. */
  readonly sessionName: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface AwsConfig {
  readonly account: string;
  readonly region: string;
  /** AWS_STS_REGIONAL_ENDPOINTS of the workloads; absent: not set. */
  readonly stsRegionalEndpoints?: "regional" | "legacy";
  readonly audiences: readonly string[];
  /** Profile of the AWS config files. */
  readonly profile?: string;
  /** ARN of a role to assume before anything else. */
  readonly assumeRole?: string;
  /** Tags of the OIDC provider and of every role. */
  readonly tags: Readonly<Record<string, string>>;
  readonly roles: readonly RoleConfig[];
}
