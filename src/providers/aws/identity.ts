import { defined, PodtrustError } from "../../core/base/index.ts";
import { calling } from "./failure.ts";
import type { AwsSession } from "./session.ts";

/** The caller's identity according to AWS. */
export interface CallerIdentity {
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
}

/** sts:GetCallerIdentity: needs no permission, so what it throws is about credentials or the network. */
export async function callerIdentity(session: AwsSession, signal?: AbortSignal): Promise<CallerIdentity> {
  const { GetCallerIdentityCommand } = await import("@aws-sdk/client-sts");
  const client = await session.sts();
  const options = defined({ abortSignal: signal });
  const answer = await calling("asking AWS who we are", () =>
    client.send(new GetCallerIdentityCommand({}), options),
  );
  return { account: answer.Account ?? "", arn: answer.Arn ?? "", userId: answer.UserId ?? "" };
}

/** Makes sure that the caller belongs to the account that the config names; throws `aws-wrong-account`. */
export async function checkAccount(
  session: AwsSession,
  account: string,
  signal?: AbortSignal,
): Promise<CallerIdentity> {
  const caller = await callerIdentity(session, signal);
  if (caller.account === account) return caller;
  throw new PodtrustError(
    "aws-wrong-account",
    `the credentials belong to account ${caller.account} (${caller.arn}), the config says ${account}`,
    { detail: { expected: account, found: caller.account, arn: caller.arn } },
  );
}

/** The region that the SDK would take: of AWS_REGION, else of the profile; undefined where neither names one. */
export async function defaultRegion(): Promise<string | undefined> {
  const { STSClient } = await import("@aws-sdk/client-sts");
  const client = new STSClient({});
  try {
    return await client.config.region();
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
}
