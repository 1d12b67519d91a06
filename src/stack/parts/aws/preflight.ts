import { errorText, PodtrustError } from "../../../base/index.ts";
import {
  type AccountQuotas,
  type AwsSession,
  hasManagedPolicy,
  readAccountQuotas,
  type RoleState,
  type RoleWish,
  usualOidcProviders,
} from "../../../aws/index.ts";
import type { Change } from "../../../plan/index.ts";
import type { Preflight } from "../part.ts";
import { policySize } from "../../../trust/index.ts";

export interface PreflightInput {
  readonly account: string;
  readonly session: AwsSession;
  /** The changes of this account. */
  readonly changes: readonly Change[];
  readonly wishes: ReadonlyMap<string, RoleWish>;
  readonly signal: AbortSignal;
  /** Throws where the issuer does not answer from outside. */
  readonly seeIssuer: (signal: AbortSignal) => Promise<void>;
}

/** A role that would be made or changed, as it shall be and as it is. */
interface Touched {
  readonly wish: RoleWish;
  readonly before: RoleState | undefined;
  readonly created: boolean;
}

// Not in the account's summary (IAM User Guide, "IAM and AWS STS quotas").
const mostTags = 50;
const ourMarks = 2;

function touchedRoles({ changes, wishes }: PreflightInput): readonly Touched[] {
  return changes.flatMap(({ kind, resource, observed }) => {
    const wish = wishes.get(resource.id);
    if (wish === undefined || kind === "none" || kind === "delete") return [];
    return [
      {
        wish,
        before: observed.exists ? (observed.state as RoleState) : undefined,
        created: kind === "create",
      },
    ];
  });
}

function over(what: string, has: number, quota: number): PodtrustError[] {
  if (has <= quota) return [];
  const sentence = `${what}: ${has} where the account's quota is ${quota}`;
  return [new PodtrustError("aws-quota", sentence, { detail: { has, quota } })];
}

function roleQuotas({ wish }: Touched, quotas: AccountQuotas): readonly PodtrustError[] {
  const { name, trustPolicy, policies = [], inline = {}, tags = {} } = wish;
  const inlineSize = Object.values(inline).reduce((sum, text) => sum + policySize(text), 0);
  const trustSize = policySize(trustPolicy);
  return [
    ...over(`characters in the trust policy of role ${name}`, trustSize, quotas.trustPolicySize),
    ...over(`characters in the inline policies of role ${name}`, inlineSize, quotas.inlinePolicySize),
    ...over(`managed policies on role ${name}`, policies.length, quotas.policiesPerRole),
    ...over(`tags on role ${name}`, Object.keys(tags).length + ourMarks, mostTags),
  ];
}

async function missingPolicies(
  { session, signal }: PreflightInput,
  roles: readonly Touched[],
): Promise<readonly PodtrustError[]> {
  const wanted = new Map<string, string>();
  for (const { wish, before } of roles) {
    const { name, policies = [], boundary } = wish;
    for (const arn of policies) {
      if (before?.policies.includes(arn) !== true) wanted.set(arn, `role ${name} is to have policy ${arn}`);
    }
    if (boundary !== undefined && boundary !== before?.boundary)
      wanted.set(boundary, `role ${name} is to have the permissions boundary ${boundary}`);
  }
  const refusals: PodtrustError[] = [];
  for (const [arn, sentence] of wanted) {
    if (await hasManagedPolicy(session, arn, signal)) continue;
    const message = `${sentence}, which does not exist or cannot be attached`;
    refusals.push(new PodtrustError("aws-policy-missing", message, { detail: { arn } }));
  }
  return refusals;
}

async function providerWarnings(
  { account, changes, signal, seeIssuer }: PreflightInput,
  { oidcProviders }: AccountQuotas,
): Promise<readonly string[]> {
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
  if (oidcProviders >= usualOidcProviders) {
    warnings.push(
      `account ${account} has ${oidcProviders} OIDC providers; unless AWS raised its quota of ${usualOidcProviders} it refuses another`,
    );
  }
  return warnings;
}

/**
 * Looks for what would fail half-way: quotas of the account, and managed policies that are not there. Reads only,
 * and only when something is to be made or changed.
 */
export async function preflight(input: PreflightInput): Promise<Preflight> {
  const { account, session, changes, signal } = input;
  const growing = changes.filter(({ kind }) => kind !== "none" && kind !== "delete");
  if (growing.length === 0) return { refusals: [], warnings: [] };
  const roles = touchedRoles(input);
  const quotas = await readAccountQuotas(session, signal);
  const created = roles.filter((role) => role.created).length;
  // Roles of ours that go make room only after the new ones were made.
  const total = created === 0 ? 0 : quotas.roles.used + created;
  return {
    refusals: [
      ...over(`roles in account ${account} with those of this plan`, total, quotas.roles.quota),
      ...roles.flatMap((role) => roleQuotas(role, quotas)),
      ...(await missingPolicies(input, roles)),
    ],
    warnings: await providerWarnings(input, quotas),
  };
}
