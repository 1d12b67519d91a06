import { errorText, PodtrustError } from "../../../core/base/index.ts";
import {
  type AccountQuotas,
  type AccountSurvey,
  type AwsSession,
  hasManagedPolicy,
  isClosedAfterTheft,
  readAccountQuotas,
  type RoleState,
  type RoleSpec,
  defaultOidcProviders,
  desiredTrust,
} from "../../../providers/aws/index.ts";
import type { Change, ChangeKind } from "../../../rules/plan/index.ts";
import type { PartPlan, Preflight } from "../part.ts";
import { usedByOthers } from "./in-use.ts";
import type { AccountResources } from "./resources.ts";
import { policySize } from "../../../rules/trust/index.ts";

/** What an account says of itself when asked. Throws `aws-*`. */
export interface AccountAnswers {
  readonly quotas: (signal: AbortSignal) => Promise<AccountQuotas>;
  /** Whether a managed policy of this ARN can be attached. */
  readonly hasPolicy: (arn: string, signal: AbortSignal) => Promise<boolean>;
}

export interface AccountPreflightInput extends PartPlan {
  readonly account: string;
  readonly answers: AccountAnswers;
  readonly desired: AccountResources;
  readonly found: AccountSurvey;
  readonly signal: AbortSignal;
  /** Throws if the issuer does not answer from outside. */
  readonly seeIssuer: (signal: AbortSignal) => Promise<void>;
}

/** A role that would be created or changed, as it should be and as it is. */
interface Touched {
  readonly spec: RoleSpec;
  readonly before: RoleState | undefined;
  readonly created: boolean;
}

/** Asks the account each time. */
export function accountAnswers(session: AwsSession): AccountAnswers {
  return {
    quotas: (signal) => readAccountQuotas(session, signal),
    hasPolicy: (arn, signal) => hasManagedPolicy(session, arn, signal),
  };
}

const isMade = (kind: ChangeKind): boolean => kind === "create" || kind === "update" || kind === "replace";

// Not in the account's summary (IAM User Guide, "IAM and AWS STS quotas").
const maxTags = 50;
const ourMarks = 3;

function touchedRoles({ changes, desired, found }: AccountPreflightInput): readonly Touched[] {
  const specs = new Map(desired.roles.map(({ resource, spec }) => [resource.id, spec]));
  return changes.flatMap(({ kind, resource: { id } }) => {
    const spec = specs.get(id);
    if (spec === undefined || !isMade(kind)) return [];
    return [{ spec, before: found.role(spec.name), created: kind === "create" }];
  });
}

function over(what: string, has: number, quota: number): PodtrustError[] {
  if (has <= quota) return [];
  const sentence = `${what}: ${has} where the account's quota is ${quota}`;
  return [new PodtrustError("aws-quota", sentence, { detail: { has, quota } })];
}

function roleQuotas({ spec, before }: Touched, quotas: AccountQuotas): readonly PodtrustError[] {
  const { name, policies = [], inline = {}, tags = {} } = spec;
  const inlineSize = Object.values(inline).reduce((sum, text) => sum + policySize(text), 0);
  const trustSize = policySize(desiredTrust(spec, before));
  return [
    ...over(`characters in the trust policy of role ${name}`, trustSize, quotas.trustPolicySize),
    ...over(`characters in the inline policies of role ${name}`, inlineSize, quotas.inlinePolicySize),
    ...over(`managed policies on role ${name}`, policies.length, quotas.policiesPerRole),
    ...over(`tags on role ${name}`, Object.keys(tags).length + ourMarks, maxTags),
  ];
}

async function missingPolicies(
  { answers, signal }: AccountPreflightInput,
  roles: readonly Touched[],
): Promise<readonly PodtrustError[]> {
  const desired = new Map<string, string>();
  for (const { spec, before } of roles) {
    const { name, policies = [], boundary } = spec;
    for (const arn of policies) {
      if (before?.policies.includes(arn) !== true) desired.set(arn, `role ${name} is to have policy ${arn}`);
    }
    if (boundary !== undefined && boundary !== before?.boundary)
      desired.set(boundary, `role ${name} is to have the permissions boundary ${boundary}`);
  }
  const refusals: PodtrustError[] = [];
  for (const [arn, sentence] of desired) {
    if (await answers.hasPolicy(arn, signal)) continue;
    const message = `${sentence}, which does not exist or cannot be attached`;
    refusals.push(new PodtrustError("aws-policy-missing", message, { detail: { arn } }));
  }
  return refusals;
}

async function providerWarnings(input: AccountPreflightInput): Promise<readonly string[]> {
  const { account, changes, found, signal, seeIssuer } = input;
  const creates = ({ kind, resource }: Change): boolean =>
    kind === "create" && resource.kind === "oidc-provider";
  if (!changes.some(creates)) return [];
  const warnings: string[] = [];
  try {
    await seeIssuer(signal);
  } catch (error) {
    signal.throwIfAborted();
    warnings.push(`${errorText(error)}: up makes no OIDC provider before it can`);
  }
  const { length } = found.providers;
  if (length >= defaultOidcProviders) {
    warnings.push(
      `account ${account} has ${length} OIDC providers; unless AWS raised its quota of ${defaultOidcProviders} it refuses another`,
    );
  }
  return warnings;
}

/** Roles that stay closed, whatever this run changes of them. */
function closedRoles({ desired, found }: AccountPreflightInput): readonly string[] {
  return desired.roles.flatMap(({ spec: { name } }) => {
    const role = found.role(name);
    if (role === undefined || !isClosedAfterTheft(role)) return [];
    return [
      `role ${name} is closed after the theft of a key, and stays so until podtrust rotate stolen KID --reopen ${name}`,
    ];
  });
}

function incomplete({ found, goal }: AccountPreflightInput): readonly string[] {
  if (found.isWhole) return [];
  const what = goal === "absent" ? "deleted" : "noticed";
  return [
    `the caller may not use iam:GetAccountAuthorizationDetails: a role of this stack that the config no longer names, and that trusts no provider of this stack, is not ${what}`,
  ];
}

/**
 * Looks for what would fail half-way or harm others: quotas of the account, missing managed policies, providers that
 * roles of others trust. Only reads.
 */
export async function preflight(input: AccountPreflightInput): Promise<Preflight> {
  const { account, answers, changes, signal } = input;
  const used = usedByOthers(input, account, input.found);
  const warnings = [...used.warnings, ...closedRoles(input), ...incomplete(input)];
  if (!changes.some(({ kind }) => isMade(kind))) return { refusals: used.refusals, warnings };
  const roles = touchedRoles(input);
  const quotas = await answers.quotas(signal);
  const created = roles.filter((role) => role.created).length;
  // Deleted roles of ours make room only after the new ones were created.
  const total = created === 0 ? 0 : quotas.roles.used + created;
  return {
    refusals: [
      ...used.refusals,
      ...over(`roles in account ${account} with those of this plan`, total, quotas.roles.quota),
      ...roles.flatMap((role) => roleQuotas(role, quotas)),
      ...(await missingPolicies(input, roles)),
    ],
    warnings: [...warnings, ...(await providerWarnings(input))],
  };
}
