import type { Role } from "@aws-sdk/client-iam";
import {
  defined,
  mergeTags,
  PodtrustError,
  retry,
  type RetrySchedule,
  tagValue,
} from "../../core/base/index.ts";
import {
  type Difference,
  awsTags,
  lacksIdentity,
  type Observed,
  type Owner,
  type Resource,
  type Tags,
  type Work,
  type StackOwner,
} from "../../rules/plan/index.ts";
import { adoptingTag, formerTrust, isKeepable, keepingTrust } from "./former-trust.ts";
import { iamOf } from "./iam-call.ts";
import { isClosedAfterTheft, withLockdown } from "./lockdown.ts";
import { readRole, readRoleState, roleArn, type RoleState } from "./role.ts";
import { addPolicies, createRole, deleteRole, updateRole } from "./role-changes.ts";
import { changedFields, newFields, type DesiredRole } from "./role-fields.ts";
import { samePolicy } from "./same-policy.ts";
import type { AwsSession } from "./session.ts";
import { trustedProviders } from "./trust-policy.ts";

/** The desired role. */
export interface RoleSpec extends StackOwner {
  readonly account: string;
  readonly name: string;
  /** As JSON text; `webIdentityTrustPolicy` makes it. */
  readonly trustPolicy: string;
  /** `/` by default. A role that exists keeps its path: another one is refused. */
  readonly path?: string;
  readonly description?: string;
  /** Seconds, 3600 by default. */
  readonly maxSession?: number;
  /** ARNs of managed policies. */
  readonly policies?: readonly string[];
  /** Inline policies by name, as JSON text. */
  readonly inline?: Readonly<Record<string, string>>;
  /** ARN of the permissions boundary. */
  readonly boundary?: string;
  /** Without those of ownership, which are added. */
  readonly tags?: Tags;
  /**
   * How long after its creation, in milliseconds, a role may not be in effect yet: it is confirmed again by the next
   * run, in case an earlier one was ended while it waited. 0 by default.
   */
  readonly settlesWithin?: number;
  /** What to do where it has another owner, as a sentence. */
  readonly ifTaken?: string;
  /** Ids of resources that must exist first: the OIDC provider. */
  readonly dependsOn?: readonly string[];
  /**
   * Waits until STS knows of a new role or trust policy, for example `waitUntilAssumable` with a token; false where it
   * could not be asked.
   */
  readonly untilUsable?: (roleArn: string, work: Work) => Promise<boolean>;
  /**
   * The desired role is allowed for another reason than the present one: old policies are removed before new ones are
   * added.
   */
  readonly crosses?: boolean;
  /**
   * ARNs of OIDC providers, the one of the trust policy first: a role with our mark that trusts a provider, but none of
   * these, belongs to another stack with the same mark. Absent: the mark alone decides.
   */
  readonly providers?: readonly string[];
  /** Whether a role that is taken over keeps its former trust policy, for the day on which it is given back. */
  readonly keepsTrust?: boolean;
  /** Called with a role that was made just now, and its policies, as IAM acknowledged it, without a reading. */
  readonly onMade?: (state: RoleState) => void;
}

/** IAM's own copies need some seconds to agree (IAM User Guide, "changes are not always immediately visible"). */
const propagation: RetrySchedule = {
  name: "IAM is eventually consistent",
  delays: [200, 500, 1000, 2000],
  giveUpAfter: 30_000,
};

function wantedOf(session: AwsSession, spec: RoleSpec): DesiredRole {
  const { account, name, path = "/" } = spec;
  return {
    arn: roleArn(session.partition, account, { path, name }),
    name,
    path,
    trustPolicy: spec.trustPolicy,
    description: spec.description ?? "",
    maxSession: spec.maxSession ?? 3600,
    boundary: spec.boundary,
    policies: spec.policies ?? [],
    inline: spec.inline ?? {},
    tags: mergeTags(spec.tags ?? {}, awsTags.of(spec)),
  };
}

/** A created role, from IAM's answer and what was written since; undefined where the answer lacks its id. */
function madeState(desired: DesiredRole, account: string, answer: Role | undefined): RoleState | undefined {
  const { RoleId: id, CreateDate } = answer ?? {};
  if (id === undefined || CreateDate === undefined) return undefined;
  return { ...desired, account, id, created: CreateDate.getTime() };
}

/** Waits until IAM itself returns what was written. */
async function untilVisible(session: AwsSession, desired: DesiredRole, work: Work): Promise<void> {
  const look = async (): Promise<void> => {
    const seen = await readRole(session, desired.name, work.signal);
    if (seen !== undefined && samePolicy(seen.trustPolicy, desired.trustPolicy, "trust")) return;
    throw new PodtrustError(
      "deadline-exceeded",
      `role ${desired.name} did not show up within 30 s: ${propagation.name}`,
    );
  };
  await retry(look, {
    schedule: propagation,
    clock: session.clock,
    signal: work.signal,
    retryable: (error) => error instanceof PodtrustError && error.code === "deadline-exceeded",
    onRetry: (_error, deadline) => work.waiting(propagation.name, deadline),
  });
}

function pathRefusal(desired: DesiredRole, state: RoleState): PodtrustError {
  return new PodtrustError(
    "aws-role-path",
    `role ${desired.name} exists under path ${state.path}, the config says ${desired.path}`,
    { detail: { name: desired.name, found: state.path, wanted: desired.path } },
  );
}

/** The owner of a role: of two clusters with the same mark the one whose OIDC provider it trusts. */
export function roleOwner(
  { tags, trustPolicy }: Pick<RoleState, "tags" | "trustPolicy">,
  stack: StackOwner,
  providers?: readonly string[],
): Owner {
  const owner = awsTags.ownerOf(tags, stack);
  if (owner.kind !== "ours" || providers === undefined) return owner;
  const trusted = trustedProviders(trustPolicy);
  if (providers.includes(tagValue(tags, adoptingTag) ?? "")) return owner;
  if (trusted.length === 0 || trusted.some((arn) => providers.includes(arn))) return owner;
  return { kind: "other-stack", stack: `${stack.stack} of another cluster, by ${trusted.join(", ")}` };
}

/**
 * The issuers that a role lets in whose mark has no identity, where none of them is ours: it may be that of another stack of the
 * same name. `ours`: ARNs of OIDC providers.
 */
export function otherIssuers(
  { tags, trustPolicy }: Pick<RoleState, "tags" | "trustPolicy">,
  stack: StackOwner,
  ours: readonly string[],
): readonly string[] {
  if (!lacksIdentity(awsTags.ownerOf(tags, stack))) return [];
  const trusted = trustedProviders(trustPolicy);
  if (trusted.some((arn) => ours.includes(arn))) return [];
  return trusted.map((arn) => `https://${arn.slice(arn.indexOf("/") + 1)}`);
}

/** A role as a plan sees it. */
export function observedRole(
  state: RoleState | undefined,
  { settlesWithin = 0, providers, ...stack }: StackOwner & Pick<RoleSpec, "settlesWithin" | "providers">,
  now: number,
): Observed<RoleState> {
  if (state === undefined) return { exists: false };
  const owner = roleOwner(state, stack, providers);
  const age = now - state.created;
  if (age >= settlesWithin || owner.kind !== "ours") return { exists: true, state, owner };
  const seconds = Math.max(0, Math.floor(age / 1000));
  return { exists: true, state, owner, unconfirmed: `was created ${seconds} s ago` };
}

/** The trust policy that a role is to have together with what it keeps, as JSON text; `before`: the present one. */
export function desiredTrust(
  { trustPolicy, keepsTrust = false, ...stack }: StackOwner & Pick<RoleSpec, "trustPolicy" | "keepsTrust">,
  before: RoleState | undefined,
): string {
  if (before === undefined || !keepsTrust) return trustPolicy;
  const isUntagged = awsTags.ownerOf(before.tags, stack).kind === "untagged";
  return keepingTrust(trustPolicy, formerTrust(before, isUntagged ? true : undefined));
}

/** Why a role is not taken over: what it would get back later cannot be kept. */
function keepingRefusal({ name }: DesiredRole, { trustPolicy }: RoleState): PodtrustError | undefined {
  if (isKeepable(trustPolicy)) return undefined;
  const message = `the trust policy of role ${name} cannot be kept until it is given back: ${trustPolicy}`;
  return new PodtrustError("aws-trust-not-kept", message, { detail: { name } });
}

/** The names of a role in plans and selections. */
export function roleNames(account: string, name: string): Pick<Resource, "id" | "kind" | "names" | "link"> {
  const kind = "role";
  const place = `aws/${account}`;
  const short = `${kind}/${name}`;
  return { id: `${place}/${short}`, kind, names: [name, short, place], link: "trust" };
}

/** A role with its policies in one account, as a plan's resource. Its unique id survives every update. */
export function roleResource(session: AwsSession, spec: RoleSpec): Resource<RoleState> {
  const desired = wantedOf(session, spec);
  const wantedBy = (state: RoleState): DesiredRole =>
    withLockdown({ ...desired, trustPolicy: desiredTrust(spec, state) }, state, session.clock.now());
  return {
    ...roleNames(spec.account, spec.name),
    dependsOn: spec.dependsOn ?? [],
    ...defined({ ifTaken: spec.ifTaken }),
    fingerprint: (state) => state,
    issuers: (state) => otherIssuers(state, spec, trustedProviders(desired.trustPolicy)),
    async read(signal): Promise<Observed<RoleState>> {
      const state = await readRoleState(session, desired.name, signal);
      return observedRole(state, spec, session.clock.now());
    },
    diff(observed): Difference {
      if (!observed.exists) return { kind: "create", fields: newFields(desired) };
      const { state } = observed;
      const fields = changedFields(wantedBy(state), state);
      const kind = fields.length === 0 ? "none" : "update";
      if (state.path !== desired.path) return { kind, fields, refusal: pathRefusal(desired, state) };
      const isTaken = spec.keepsTrust === true && observed.owner.kind === "untagged";
      const refusal = isTaken ? keepingRefusal(desired, state) : undefined;
      return refusal === undefined ? { kind, fields } : { kind, fields, refusal };
    },
    async apply({ observed }, work) {
      const iam = iamOf(session, work.signal);
      if (!observed.exists) {
        const answer = await createRole(iam, desired);
        await addPolicies(iam, desired);
        const made = madeState(desired, spec.account, answer);
        if (made !== undefined) spec.onMade?.(made);
        return;
      }
      const adopts = observed.owner.kind === "untagged";
      await updateRole(iam, wantedBy(observed.state), observed.state, {
        adopts,
        crosses: spec.crosses === true,
        provider: spec.providers?.[0],
      });
    },
    async confirm({ kind, fields, observed }, work) {
      // STS may know the new trust already; the rest is IAM's own.
      const isNew = kind === "create" || (observed.exists && observed.unconfirmed !== undefined);
      if (!isNew && !fields.some(({ field }) => field === "trustPolicy")) return;
      // Once STS lets a token in, IAM shows the role as well.
      const written = observed.exists ? wantedBy(observed.state) : desired;
      // No token is let into a role that is closed after a theft.
      const isUsable = !isClosedAfterTheft(written) && (await spec.untilUsable?.(desired.arn, work)) === true;
      if (!isUsable) await untilVisible(session, written, work);
    },
    async delete(observed, work) {
      if (observed.exists) await deleteRole(iamOf(session, work.signal), observed.state);
    },
  };
}
