/** A role beside the one that a workload has by default. */
export interface Profile {
  /** The name by which clients choose it: `--profile billing`, AWS_PROFILE. */
  readonly name: string;
  readonly roleArn: string;
  /**
   * How it is assumed: by the token, or by the workload's own role (role chaining). A chained profile may have the name
   * `default`; then clients that choose none get its role.
   */
  readonly by: "token" | "role";
  /** Of a chained one: what the role's trust policy asks for as sts:ExternalId. */
  readonly externalId?: string;
}

/** What a workload is given: a role, and the token with which it asks for it. */
export interface RoleAccess {
  /** arn:aws:iam::111122223333:role/web */
  readonly roleArn: string;
  /** What CloudTrail shows behind the role's name; 2 to 64 characters, or the SDK's own choice. */
  readonly sessionName?: string;
  /** The session is named as the pod; in place of `sessionName`. */
  readonly sessionFromPod?: boolean;
  readonly region?: string;
  /** The token's `aud`. */
  readonly audience: string;
  /** Seconds of the projected token. */
  readonly expirationSeconds: number;
  /** AWS_STS_REGIONAL_ENDPOINTS, which SDKs from before 2022 read; not set by default. */
  readonly stsRegionalEndpoints?: "regional" | "legacy";
  /** The pod's fsGroup, where it has none: then this group may read the token, and others may not. */
  readonly fsGroup?: number;
  /** File mode of the token; the API server's default is 0644. */
  readonly tokenMode?: number;
  /** At most 50, by name. */
  readonly profiles?: readonly Profile[];
}

/** What a workload that gets its credentials from an agent on its node is given. */
export interface ContainerAccess extends Pick<
  RoleAccess,
  "audience" | "expirationSeconds" | "region" | "stsRegionalEndpoints" | "fsGroup" | "tokenMode"
> {
  /** Where the agent answers; SDKs take plain HTTP at loopback and at the agents' own addresses alone. */
  readonly credentialsUri: string;
}
