import type { Clock } from "../base/index.ts";
import { type AwsAccess, type AwsSession, type CallerIdentity, checkAccount, openAws } from "../aws/index.ts";
import type { AwsConfig } from "../config/index.ts";

/** An account of the config, with whoever we are there. */
export interface OpenAccount {
  readonly config: AwsConfig;
  readonly session: AwsSession;
  readonly caller: CallerIdentity;
}

export interface AccountsInput {
  readonly accounts: readonly AwsConfig[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** In place of `openAws`. */
  readonly open?: (access: AwsAccess) => AwsSession;
}

/**
 * Opens every account by its own chain of credentials, and makes sure of each that it is the one that the config
 * means, before anything is read or planned. Throws `aws-wrong-account` and what is wrong with credentials.
 */
export async function openAccounts(input: AccountsInput): Promise<readonly OpenAccount[]> {
  const { clock, signal, open = openAws } = input;
  const opened = input.accounts.map((config) => {
    const { region, profile, assumeRole } = config;
    const access: AwsAccess = {
      region,
      clock,
      ...(profile === undefined ? {} : { profile }),
      ...(assumeRole === undefined ? {} : { assumeRole }),
    };
    return { config, session: open(access) };
  });
  try {
    return await Promise.all(
      opened.map(async ({ config, session }) => ({
        config,
        session,
        caller: await checkAccount(session, config.account, signal),
      })),
    );
  } catch (error) {
    for (const { session } of opened) session.close();
    throw error;
  }
}
