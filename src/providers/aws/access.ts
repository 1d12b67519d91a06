import { type Clock, defined } from "../../core/base/index.ts";
import type { ConsentEnvironment } from "../../core/credentials/index.ts";
import type { SlowedDown } from "./adaptive-rate.ts";

/** Long-lived or session credentials, as AWS hands them out. Never log them. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The credentials and addresses for AWS. */
export interface AwsAccess {
  readonly region: string;
  /** Profile of the AWS config files; without one, the SDK's whole chain of credentials. */
  readonly profile?: string;
  /** ARN of a role to assume before anything else. */
  readonly assumeRole?: string;
  /** In place of the chain: the sandbox's admin. */
  readonly credentials?: AwsCredentials;
  /** In place of AWS's own addresses; AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_IAM count without it. */
  readonly endpoint?: string;
  /** The same for S3 alone: another service that speaks it. */
  readonly s3Endpoint?: string;
  /** Whether session tokens may go to `s3Endpoint`; without it as the process' environment says. */
  readonly consenting?: ConsentEnvironment;
  /** How often a call is tried while AWS throttles or fails; 5 by default. */
  readonly attempts?: number;
  /** How long AWS may stay silent in one try, before its answer or within it, in milliseconds; 20,000 by default. */
  readonly answerWithinMs?: number;
  readonly clock?: Clock;
  /** Called once when AWS throttles and calls are slowed down for it. */
  readonly onSlowDown?: SlowedDown;
}

/** The access to the account or bucket of a config's section. */
export function accessOf(
  section: Pick<AwsAccess, "region"> & { readonly profile?: string; readonly assumeRole?: string },
  clock: Clock,
): AwsAccess {
  const { region, profile, assumeRole } = section;
  return {
    region,
    clock,
    ...defined({ profile, assumeRole }),
  };
}
