import {
  type AccountSurvey,
  type AllowedRights,
  closedTrustPolicy,
  closingOf,
  type Cut,
  cutOf,
  formerTrust,
  givenBackTrust,
  keepingTrust,
  lockdownPolicies,
  type OidcProviderFacts,
  roleNames,
  type RoleState,
  samePolicy,
} from "../../../providers/aws/index.ts";
import {
  isRetained,
  retainedMark,
  type Binding,
  type GrantedRole,
  type Trust,
  type TrustAccount,
} from "../../../rules/bindings/index.ts";
import { defined, PodtrustError } from "../../../core/base/index.ts";
import type { FieldChange, Plan } from "../../../rules/plan/index.ts";
import type { AwsConfig, RoleConfig } from "../../../config/index.ts";
import { readArn } from "../../../rules/oidc/index.ts";

/** What to do if a role belongs to another owner. */
export const anothers =
  "Give each cluster a stack of its own; where the cluster itself had that issuer before, name it in formerIssuers of the AWSTrust. A role without an owner's tags can be adopted.";

/** What a binding wants in one account. */
export interface BoundSpec {
  /** What marks roles as the binding's. */
  readonly mark: string;
  readonly roles: readonly RoleConfig[];
  /** Names of roles that may be adopted if they carry no other owner's tags. */
  readonly adopt?: ReadonlySet<string>;
  /** Names of roles that have another grant than the one they should have. */
  readonly crosses?: ReadonlySet<string>;
  /** Names of roles of the binding that it no longer wants. */
  readonly gone?: readonly string[];
}

/** A plan for a binding's roles in one account. */
export interface BoundPlan {
  readonly spec: BoundSpec;
  readonly plan: Plan;
}

/** Roles that should be adopted and do not exist: created by their name they would be outside the trust's path. */
export function missingAdoptions(
  { changes }: Plan,
  { adopt = new Set() }: BoundSpec,
): readonly PodtrustError[] {
  const missing = changes.filter(
    ({ kind, resource }) => kind === "create" && adopt.has(resource.names[0] ?? ""),
  );
  return missing.map(({ resource: { id, names } }) => {
    const message = `${id} is to be taken over, and there is no role ${names[0] ?? ""}`;
    return new PodtrustError("aws-role-missing", message, { detail: { id } });
  });
}

/** An account's OIDC provider of this ARN, by a look at the account. */
export const providerIn = (
  { providers }: Pick<AccountSurvey, "providers">,
  providerArn: string,
): OidcProviderFacts | undefined => providers.find(({ arn }) => arn === providerArn);

/** Ids of roles that are to be adopted: never one with another owner's tags. */
export function adoptable(
  { changes }: Plan,
  { adopt = new Set() }: BoundSpec,
  account: string,
): ReadonlySet<string> {
  const allowed = new Set([...adopt].map((name) => roleNames(account, name).id));
  const ids = changes.flatMap(({ resource, kind, observed }) => {
    const isUntagged = kind === "blocked" && observed.exists && observed.owner.kind === "untagged";
    return isUntagged && allowed.has(resource.id) ? [resource.id] : [];
  });
  return new Set(ids);
}

/** Names of the roles of podtrust itself: of the session that it calls with, and the one that it assumes. */
export function ownRolesOf(caller: string, assumeRole: string | undefined): readonly string[] {
  const [, session] = /:assumed-role\/([^/]+)\//u.exec(caller) ?? [];
  return [session, assumeRole === undefined ? undefined : readArn(assumeRole).name].filter(
    (name) => name !== undefined,
  );
}

/** Refuses that podtrust's own roles are adopted, whatever a grant says: without them it could do nothing any more. */
export function ownAdoptions(
  { adopt = new Set() }: BoundSpec,
  own: readonly string[],
): readonly PodtrustError[] {
  return own
    .filter((name) => adopt.has(name))
    .map((name) => {
      const message = `role ${name} is podtrust's own: no workload may have it`;
      return new PodtrustError("plan-name-taken", message, {
        next: "Leave out adopt, or name a role of the workload's.",
        detail: { role: name },
      });
    });
}

/** Which roles of an account are cut, and to what. */
export interface CutSpec {
  /** What marks roles as the binding's. */
  readonly mark: string;
  /** Names of its roles that a look at the account may lack. */
  readonly names: readonly string[];
  /** Maximum age of the look at the account, in milliseconds; the default of all other calls if absent. */
  readonly oldest?: number;
  /** Whether those of `names`, and no others, are also closed, and marked as staying without their binding. */
  readonly retain?: boolean;
  /** Whether those of `names`, and no others, are cut. */
  readonly alone?: boolean;
  /** What may stay of a role; undefined: nothing. */
  readonly allowed: (role: RoleState) => AllowedRights | undefined;
  /** Called before anything is changed; throws if this process may not. */
  readonly assertHeld: () => void;
}

/** What was done, role by role. */
export interface CutOutcome {
  readonly done: readonly (readonly FieldChange[])[];
  readonly failed: readonly PodtrustError[];
}

/** Where a role is, for its closing. */
interface CutContext {
  /** ARNs of the OIDC providers of this cluster, the issuer's first. */
  readonly providers: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * The steps that shut this cluster out of a role, restore the trust policy that it had before adoption, and mark it as
 * staying without its binding.
 */
function retaining(role: RoleState, document: string): Cut["afterwards"] {
  const isClosed = samePolicy(role.trustPolicy, document, "trust");
  return [
    ...(isClosed ? [] : [{ kind: "set-trust", document } as const]),
    ...(isRetained(role.tags) ? [] : [{ kind: "tag", tags: retainedMark } as const]),
  ];
}

/**
 * What to take from a role in its current state. `retain`: also the right to assume it, because its binding is being
 * deleted. If nothing is allowed any more, nobody may assume it, not even principals from before its adoption.
 */
export function roleCut(
  role: RoleState,
  allowed: AllowedRights | undefined,
  { providers, now, retain }: CutContext & { readonly retain: boolean },
): Cut {
  const former = formerTrust(role);
  const closed = keepingTrust(closedTrustPolicy(providers[0] ?? ""), former);
  // What keeps a thief out of the role stays, whatever else goes.
  const inline = lockdownPolicies(role, now);
  const cut =
    allowed === undefined
      ? closingOf(role, { trustPolicy: closed, now, inline })
      : cutOf(role, { ...allowed, inline: [...allowed.inline, ...inline] });
  if (!retain) return cut;
  const document = allowed === undefined ? closed : givenBackTrust(providers, former);
  return { ...cut, afterwards: [...cut.afterwards, ...retaining(role, document)] };
}

export const isNothing = ({ narrowing, afterwards }: Cut): boolean =>
  narrowing.length + afterwards.length === 0;

/** The fields of a role that a cut changes. */
export function cutFields({ narrowing, afterwards }: Cut): readonly FieldChange[] {
  const names = [...narrowing, ...afterwards].flatMap((step): readonly string[] => {
    if ("policy" in step) return ["policies"];
    if ("name" in step) return [`inline.${step.name}`];
    if (step.kind === "tag") return Object.keys(step.tags).map((key) => `tags.${key}`);
    if (step.kind === "set-boundary" || step.kind === "remove-boundary") return ["boundary"];
    return [step.kind === "set-trust" ? "trustPolicy" : "maxSession"];
  });
  return [...new Set(names)].map((field) => ({ field, before: undefined, after: undefined }));
}

/** The session name of proofs in CloudTrail. */
const proofSession = "podtrust-proof";

/** An account of a trust, in the form of a config's accounts. */
export function awsConfigOf(
  { audiences }: Pick<Trust, "audiences">,
  { id, region, assumeRole }: TrustAccount,
  roles: readonly RoleConfig[] = [],
): AwsConfig {
  return {
    account: id,
    region,
    audiences,
    tags: {},
    roles,
    ...defined({ assumeRole }),
  };
}

/** What one profile of a binding is granted, in the form of a config's roles: for its ServiceAccount alone. */
export function roleConfigOf(
  { namespace, name: serviceAccount }: Pick<Binding, "namespace" | "name">,
  { managed, arn }: Pick<GrantedRole, "managed" | "arn">,
): RoleConfig {
  const bound = {
    serviceAccounts: [`${namespace}/${serviceAccount}`],
    subjectPatterns: [],
    sessionName: proofSession,
  };
  if (managed !== undefined) return { ...bound, ...managed };
  const { path, name } = readArn(arn);
  return { ...bound, path, name, policies: [], inline: {}, maxSession: 3600, tags: {} };
}
