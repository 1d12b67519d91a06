import { awsTags, type Resource, type StackOwner } from "../../rules/plan/index.ts";
import { type ListedRole, readAccountRoles } from "./account-roles.ts";
import { providerToDelete, roleToDelete } from "./deletion.ts";
import { type OidcProviderFacts, readOidcProviders } from "./oidc-provider.ts";
import { oidcProviderNames } from "./oidc-provider-resource.ts";
import type { RoleState } from "./role.ts";
import type { AwsSession } from "./session.ts";
import { trustsProvider } from "./trust-policy.ts";

/** What is looked for in an account. */
export interface SurveyInput extends StackOwner {
  readonly account: string;
  /** ARN of the provider that the stack wants. */
  readonly providerArn?: string;
  /** Names of the roles that it wants. */
  readonly roles?: readonly string[];
}

/** What exists in an account, read in as few calls as IAM has pages. */
export interface AccountSurvey {
  /** Everything that carries the stack's tags, as resources that can be found and deleted. */
  readonly owned: readonly Resource[];
  /** Roles that carry the stack's tags. */
  readonly ownRoles: readonly RoleState[];
  readonly ownProviders: readonly OidcProviderFacts[];
  readonly providers: readonly OidcProviderFacts[];
  /** Every role that was read, whatever its owner. */
  readonly roles: readonly RoleState[];
  /** A role of the stack or one that it wants, by its name. */
  role(name: string): RoleState | undefined;
  /** Names of the roles that trust a provider and do not carry the stack's tags. */
  foreignRolesTrusting(providerArn: string): readonly string[];
  /** False: a role of the stack is only found by its name, or by its trust in a provider of the stack. */
  readonly isWhole: boolean;
}

/** Reads what stands in an account; throws `aws-*`. */
export async function surveyAccount(
  session: AwsSession,
  { account, providerArn, roles = [], ...stack }: SurveyInput,
  signal?: AbortSignal,
): Promise<AccountSurvey> {
  const isOurs = ({ tags }: Pick<RoleState, "tags">): boolean => awsTags.ownerOf(tags, stack).kind === "ours";
  const providers = await readOidcProviders(session, signal);
  const ownProviders = providers.filter(isOurs);
  const arns = [...ownProviders.map(({ arn }) => arn), ...(providerArn === undefined ? [] : [providerArn])];
  // IAM compares names without regard to case.
  const names = new Set(roles.map((name) => name.toLowerCase()));
  const meant = ({ name, trustPolicy }: ListedRole): boolean =>
    names.has(name.toLowerCase()) || arns.some((arn) => trustsProvider(trustPolicy, arn));
  const { listed, read, isWhole } = await readAccountRoles(session, meant, signal);
  const byName = new Map(read.map((role) => [role.name.toLowerCase(), role]));
  const ownRoles = read.filter(isOurs);
  const own = new Set(ownRoles.map(({ name }) => name));

  // One list of them is kept.
  const all: readonly Pick<ListedRole, "name" | "trustPolicy">[] = isWhole ? read : listed;

  const within = { ...stack, account };
  // Every role goes before the providers: none is ever left that trusts a provider which another owner may create.
  const dependsOn = ownProviders.map(({ arn }) => oidcProviderNames(account, arn).id);
  return {
    owned: [
      ...ownProviders.map(({ arn }) => providerToDelete(session, within, arn)),
      ...ownRoles.map((known) => roleToDelete(session, within, { name: known.name, known, dependsOn })),
    ],
    ownRoles,
    ownProviders,
    providers,
    roles: read,
    isWhole,
    role: (name) => byName.get(name.toLowerCase()),
    foreignRolesTrusting: (arn) =>
      all
        .filter(({ name, trustPolicy }) => !own.has(name) && trustsProvider(trustPolicy, arn))
        .map(({ name }) => name),
  };
}
