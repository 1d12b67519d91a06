import { PodtrustError } from "../../core/base/index.ts";
import { type AwsConfig, type Config } from "../../config/index.ts";
import { awsPart } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";

export interface AwsPolicyOptions {
  readonly file: string;
  readonly account?: string;
}

function accountOf(config: Config, wanted: string | undefined): AwsConfig {
  const accounts = config.aws.map(({ account }) => account);
  const [only] = config.aws;
  if (only === undefined)
    throw new PodtrustError("config-without-aws", `${config.file} names no AWS account`);
  if (wanted === undefined && accounts.length === 1) return only;
  const found = config.aws.find(({ account }) => account === wanted);
  if (found !== undefined) return found;
  const sentence =
    wanted === undefined
      ? `${config.file} names ${accounts.length} accounts, and each needs a policy of its own`
      : `${config.file} does not name account ${wanted}`;
  throw new PodtrustError("usage", sentence, { next: `Give --account ${accounts.join(" or ")}.` });
}

/** Prints the least policy of one account: JSON as IAM takes it, with `--json` and without. */
export async function runAwsPolicy(context: CommandContext, options: AwsPolicyOptions): Promise<void> {
  const config = await configOf(context, options.file);
  const { env, clock } = context;
  const part = awsPart({ config, env, clock }, accountOf(config, options.account));
  context.output.raw(`${JSON.stringify(part.leastPolicy(), undefined, 2)}\n`);
  part.close();
}
