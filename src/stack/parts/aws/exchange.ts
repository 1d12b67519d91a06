import {
  type AwsSession,
  assumeWithWebIdentity,
  awsError,
  complaintOf,
  type AssumeRequest,
} from "../../../providers/aws/index.ts";
import { PodtrustError } from "../../../core/base/index.ts";

/** STS's answer to a token. */
export type TokenExchange =
  | {
      readonly kind: "accepted";
      /** Of the session. */
      readonly arn: string;
      /** From the token. */
      readonly subject: string;
      /** When the credentials expire, in milliseconds since the epoch. */
      readonly expiration: number;
    }
  /** AWS's own code and text. */
  | { readonly kind: "refused"; readonly code: string; readonly message: string };

const noAnswer: readonly string[] = ["aws-unreachable", "aws-throttled", "aws-unavailable"];

/**
 * sts:AssumeRoleWithWebIdentity, unsigned as a workload calls it. Throws `aws-unreachable`, `aws-throttled` and
 * `aws-unavailable` if STS gave no answer of its own.
 */
export async function exchanged(
  session: AwsSession,
  request: AssumeRequest,
  signal: AbortSignal,
): Promise<TokenExchange> {
  try {
    const { arn, subject, expiration } = await assumeWithWebIdentity(session, request, signal);
    return { kind: "accepted", arn, subject, expiration };
  } catch (thrown) {
    signal.throwIfAborted();
    const error = awsError(thrown, `assuming role ${request.roleArn}`);
    if (thrown instanceof PodtrustError || noAnswer.includes(error.code)) throw error;
    return { kind: "refused", ...complaintOf(thrown) };
  }
}
