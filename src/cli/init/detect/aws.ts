import { setting } from "../../../core/base/index.ts";
import { callerIdentity, openAws, defaultRegion } from "../../../providers/aws/index.ts";
import type { CommandContext } from "../../context.ts";
import { type Detected, detect } from "./detect.ts";

/** The principal of the credentials that the AWS SDK finds. */
export interface AwsCaller {
  readonly account: string;
  readonly arn: string;
}

/** Asks STS for the caller of the credentials that the AWS CLI would use. */
export function detectCaller(context: CommandContext, region: string): Promise<Detected<AwsCaller>> {
  return detect(context, async (signal) => {
    const session = openAws({ region, clock: context.clock, attempts: 1 });
    try {
      const { account, arn } = await callerIdentity(session, signal);
      return { account, arn };
    } finally {
      session.close();
    }
  });
}

/** The region that the AWS CLI would use. */
export async function detectRegion({ env }: CommandContext): Promise<string | undefined> {
  return setting(env, "AWS_REGION") ?? setting(env, "AWS_DEFAULT_REGION") ?? (await defaultRegion());
}
