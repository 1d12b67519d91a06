import { type Clock, errorText, hostNameOf, mapLimit, partitionOf } from "../../core/base/index.ts";
import type { AwsConfig, Config } from "../../config/index.ts";
import { isPrivateName } from "../../issuer/index.ts";
import {
  accessOf,
  type AwsAccess,
  type AwsSession,
  oidcProviderArn,
  openAws,
  readOidcProviders,
  surveyAccount,
  trustsProvider,
} from "../../providers/aws/index.ts";
import { type AccountTrust, type OldTrust, statementsToAdd } from "../../rules/adoption/index.ts";

export interface AccountsQuery {
  readonly config: Pick<Config, "stack" | "identity" | "issuer" | "aws">;
  /** Former issuers. */
  readonly old: readonly string[];
  readonly clock: Clock;
  /** How a session is opened; the SDK's own chain of credentials by default. */
  readonly openAws?: (access: AwsAccess) => AwsSession;
}

interface RolesQuery {
  readonly config: AccountsQuery["config"];
  readonly account: AwsConfig;
  readonly old: string;
}

async function rolesTrusting(
  session: AwsSession,
  { config: { stack, identity, issuer }, account, old }: RolesQuery,
  signal: AbortSignal,
): Promise<{ readonly roles: readonly OldTrust[]; readonly isWhole: boolean }> {
  const partition = partitionOf(account.region);
  const arnOf = (one: string): string => oidcProviderArn(partition, account.account, one);
  const [before, wanted] = [old, issuer].map((one) => ({ issuer: one, providerArn: arnOf(one) }));
  if (before === undefined || wanted === undefined) return { roles: [], isWhole: true };
  const asked = { stack, identity, account: account.account, providerArn: before.providerArn };
  const found = await surveyAccount(session, asked, signal);
  const own = new Set(found.ownRoles.map(({ name }) => name));
  const roles = found.roles
    .filter(({ trustPolicy }) => trustsProvider(trustPolicy, before.providerArn))
    .map(({ name, arn, trustPolicy }) => ({
      name,
      arn,
      isOurs: own.has(name),
      trustsNew: trustsProvider(trustPolicy, wanted.providerArn),
      statements: statementsToAdd(trustPolicy, before, wanted),
    }));
  return { roles, isWhole: found.isWhole };
}

async function readAccount(
  query: AccountsQuery,
  account: AwsConfig,
  signal: AbortSignal,
): Promise<AccountTrust> {
  const { config, old, clock } = query;
  const session = (query.openAws ?? openAws)(accessOf(account, clock));
  try {
    const arn = oidcProviderArn(partitionOf(account.region), account.account, config.issuer);
    const hasProvider = (await readOidcProviders(session, signal)).some((one) => one.arn === arn);
    // AWS cannot know an issuer whose name is not in public DNS.
    const known = old.filter((one) => !isPrivateName(hostNameOf(one)));
    const found = await mapLimit(
      known,
      (one) => rolesTrusting(session, { config, account, old: one }, signal),
      1,
    );
    return {
      account: account.account,
      hasProvider,
      roles: found.flatMap(({ roles }) => roles),
      isWhole: found.every(({ isWhole }) => isWhole),
    };
  } catch (error) {
    signal.throwIfAborted();
    const unseen = errorText(error);
    return { account: account.account, unseen, hasProvider: false, roles: [], isWhole: false };
  } finally {
    session.close();
  }
}

/**
 * What each account of the config has for both issuers; what cannot be read is part of it. Throws only the
 * signal's reason.
 */
export function readAccounts(query: AccountsQuery, signal: AbortSignal): Promise<readonly AccountTrust[]> {
  return mapLimit(query.config.aws, (account) => readAccount(query, account, signal), 2);
}
