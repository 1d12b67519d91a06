import { defined, PodtrustError, retry, type RetrySchedule } from "../../core/base/index.ts";
import type { Work } from "../../rules/plan/index.ts";
import { awsError, isAwsCode } from "./failure.ts";
import type { AwsSession } from "./session.ts";

/** What a workload sends to STS. */
export interface AssumeRequest {
  readonly roleArn: string;
  readonly sessionName: string;
  /** The token itself: never logged, never part of an error. Absent only to test that the call is refused. */
  readonly token?: string;
}

/** The answer without the credentials' secrets. */
export interface AssumedIdentity {
  readonly arn: string;
  readonly subject: string;
  readonly audience: string;
  readonly provider: string;
  /** When the credentials end, in milliseconds since the epoch. */
  readonly expiration: number;
}

/** sts:AssumeRoleWithWebIdentity, unsigned as a workload calls it. Throws what the SDK throws. */
export async function assumeWithWebIdentity(
  session: AwsSession,
  request: AssumeRequest,
  signal?: AbortSignal,
): Promise<AssumedIdentity> {
  const { AssumeRoleWithWebIdentityCommand } = await import("@aws-sdk/client-sts");
  const client = await session.sts();
  const answer = await client.send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: request.roleArn,
      RoleSessionName: request.sessionName,
      WebIdentityToken: request.token,
    }),
    defined({ abortSignal: signal }),
  );
  return {
    arn: answer.AssumedRoleUser?.Arn ?? "",
    subject: answer.SubjectFromWebIdentityToken ?? "",
    audience: answer.Audience ?? "",
    provider: answer.Provider ?? "",
    expiration: answer.Credentials?.Expiration?.getTime() ?? 0,
  };
}

/** The longest that a new role takes until STS knows it, in milliseconds. */
export const maxPropagation = 36_000;

// Observed on AWS: a new role is refused for 5 to 12 s. After three times that, the cause is another.
const propagation: RetrySchedule = {
  name: "IAM propagation delay: STS does not know the change yet",
  delays: [250, 250, 250, 300, 500, 1000, 2000],
  giveUpAfter: maxPropagation,
};

/**
 * Tries to assume a role until STS knows it: before that STS only answers AccessDenied. Any other refusal is final and
 * thrown at once.
 */
export async function waitUntilAssumable(
  session: AwsSession,
  request: AssumeRequest,
  work: Pick<Work, "signal" | "waiting">,
): Promise<AssumedIdentity> {
  try {
    return await retry(() => assumeWithWebIdentity(session, request, work.signal), {
      schedule: propagation,
      clock: session.clock,
      signal: work.signal,
      retryable: (error) => isAwsCode(error, "AccessDenied"),
      onRetry: (_error, deadline) => work.waiting(propagation.name, deadline),
    });
  } catch (thrown) {
    if (isAwsCode(thrown, "AccessDenied")) {
      const seconds = propagation.giveUpAfter / 1000;
      throw new PodtrustError(
        "aws-not-assumable",
        `role ${request.roleArn} is still refused after ${seconds} s: ${(thrown as Error).message}`,
        { cause: thrown },
      );
    }
    throw awsError(thrown, `assuming role ${request.roleArn}`);
  }
}
