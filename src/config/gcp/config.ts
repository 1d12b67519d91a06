/** A service account of Google that ServiceAccounts of the cluster impersonate. */
export interface GcpServiceAccount {
  readonly email: string;
  /** ServiceAccounts that may impersonate it, as NAMESPACE/NAME. */
  readonly serviceAccounts: readonly string[];
  /** Seconds that an access token of it lives. */
  readonly lifetime: number;
}

/** One project of Google Cloud whose pool and provider trust the issuer. */
export interface GcpProject {
  /** The project's id. */
  readonly project: string;
  /** Its number, in digits: what audiences and principals are made of. */
  readonly projectNumber: string;
  /** The id of the workload identity pool. */
  readonly pool: string;
  /** The id of the provider in it. */
  readonly provider: string;
  /** `upload`: the keys are uploaded to Google, which fetches nothing. `fetch`: it reads the issuer. */
  readonly keys: "upload" | "fetch";
  /** What the provider accepts as a token's audience; empty: the provider's own name. */
  readonly audiences: readonly string[];
  /** CEL expressions by `google.subject`, `google.groups` and `attribute.NAME`. */
  readonly mapping: Readonly<Record<string, string>>;
  /** A condition in CEL that a token has to meet. */
  readonly condition?: string;
  readonly serviceAccounts: readonly GcpServiceAccount[];
  /**
   * ServiceAccounts, as NAMESPACE/NAME, that policies name by their own principal: they impersonate no service account.
   */
  readonly direct: readonly string[];
  /** Members of the pool are made by bindings in the cluster. */
  readonly bindings?: true;
}
