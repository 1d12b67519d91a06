/** What a workload is given: a role, and the token with which it asks for it. */
export interface RoleAccess {
  /** arn:aws:iam::111122223333:role/web */
  readonly roleArn: string;
  /** What CloudTrail shows behind the role's name; 2 to 64 characters. */
  readonly sessionName: string;
  readonly region: string;
  /** The token's `aud`. */
  readonly audience: string;
  /** Seconds of the projected token. */
  readonly expirationSeconds: number;
  /** AWS_STS_REGIONAL_ENDPOINTS, which SDKs from before 2022 read; not set unless told. */
  readonly stsRegionalEndpoints?: "regional" | "legacy";
}
