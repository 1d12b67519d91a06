import { defined, mergeTags, recordOf, recordsOf } from "../../core/base/index.ts";
import { readArn } from "../../rules/oidc/index.ts";
import { awsTags, type Tags } from "../../rules/plan/index.ts";
import { policyEffects, type PolicyEffects } from "../../rules/trust/index.ts";
import { adoptingTag } from "./former-trust.ts";
import type { RoleState } from "./role.ts";
import type { DesiredRole } from "./role-fields.ts";
import { samePolicy } from "./same-policy.ts";
import { roleTagChanges } from "./tags.ts";

/** One call of IAM that changes a role. */
export type RoleStep =
  | { readonly kind: "attach"; readonly policy: string }
  | { readonly kind: "detach"; readonly policy: string }
  | { readonly kind: "put-inline"; readonly name: string; readonly document: string }
  /** A policy without what it allows, where that may be written; it goes, or is written whole, afterwards in any case. */
  | { readonly kind: "reduce-inline"; readonly name: string; readonly document: string }
  | { readonly kind: "delete-inline"; readonly name: string }
  | { readonly kind: "set-boundary"; readonly boundary: string }
  /** The boundary that denies everything, where it may be set: for a role that goes. */
  | { readonly kind: "shut"; readonly boundary: string }
  | { readonly kind: "remove-boundary" }
  | { readonly kind: "tag"; readonly tags: Tags }
  | { readonly kind: "untag"; readonly keys: readonly string[] }
  | { readonly kind: "set-trust"; readonly document: string }
  | { readonly kind: "set-session"; readonly description: string; readonly maxSession: number };

/** The policies on a role. */
type Rights = Pick<RoleState, "policies" | "inline">;

/** What of a role is allowed to stay. */
export interface AllowedRights {
  /** ARNs of attached policies that stay. */
  readonly policies: readonly string[];
  /** Names of inline policies that stay. */
  readonly inline: readonly string[];
  /** The permissions boundary that the role has to have; undefined: any, or none. */
  readonly boundary: string | undefined;
  /** Tags that the role has to have, beside whatever others it has. */
  readonly tags: Tags;
  /** Seconds. */
  readonly maxSession: number;
}

/** The steps that take from a role what is not allowed. */
export interface Cut {
  /**
   * Each of these can only take rights away, whatever becomes of the others: a permissions boundary where there was none,
   * policies that go, shorter sessions.
   */
  readonly narrowing: readonly RoleStep[];
  /**
   * In this order, and only after all of `narrowing` were done: another boundary, another tag and a Deny that goes could
   * give something to a policy that is not allowed.
   */
  readonly afterwards: readonly RoleStep[];
}

/** The statements of an inline policy that deny, as JSON text. */
function denialsOf(text: string): string {
  const { Statement, ...rest } = recordOf(JSON.parse(text));
  const statements = recordsOf(Array.isArray(Statement) ? Statement : [Statement]);
  return JSON.stringify({ ...rest, Statement: statements.filter(({ Effect }) => Effect === "Deny") });
}

const reduced = ([name, text]: readonly [string, string]): RoleStep => ({
  kind: "reduce-inline",
  name,
  document: denialsOf(text),
});

// AWS's own policies that allow nothing (AWS Managed Policy Reference). Of other managed policies only their document tells,
// which is not read: they count as what allows.
const managedDenials = /:policy\/(?:AWSDenyAll|AWSCompromisedKeyQuarantine(?:V[23])?)$/u;
const isManagedDenial = (arn: string): boolean => managedDenials.test(arn);

/** Takes policies off a role. */
interface Removals {
  /** Each takes rights away and no limit. */
  readonly allows: readonly RoleStep[];
  /** What leaves of each of `both` its limit alone. */
  readonly reductions: readonly RoleStep[];
  /** With each goes a right and a limit to others. */
  readonly both: readonly RoleStep[];
  /** With each goes nothing but a limit. */
  readonly denies: readonly RoleStep[];
}

function removals(
  before: Rights,
  stays: { readonly policies: readonly string[]; readonly inline: readonly string[] },
): Removals {
  const policies = before.policies.filter((arn) => !stays.policies.includes(arn));
  const inline = Object.entries(before.inline).filter(([name]) => !stays.inline.includes(name));
  const detach = (policy: string): RoleStep => ({ kind: "detach", policy });
  const ofEffects = (effects: PolicyEffects) => inline.filter(([, text]) => policyEffects(text) === effects);
  const remove = (effects: PolicyEffects) =>
    ofEffects(effects).map(([name]): RoleStep => ({ kind: "delete-inline", name }));
  const both = ofEffects("both");
  return {
    allows: [...policies.filter((arn) => !isManagedDenial(arn)).map(detach), ...remove("allow")],
    reductions: both.map(reduced),
    both: remove("both"),
    denies: [...remove("deny"), ...policies.filter(isManagedDenial).map(detach)],
  };
}

/**
 * All of them, and what else is to be done before a limit goes, in an order in which none gives more than there was. One policy may
 * deny what another allows, or what another boundary or tag would.
 */
const removed = (
  { allows, reductions, both, denies }: Removals,
  between: readonly RoleStep[] = [],
): readonly RoleStep[] => [
  ...allows,
  ...where(both.length + between.length > 1, reductions),
  ...between,
  ...both,
  ...denies,
];

const where = (isSo: boolean, steps: readonly RoleStep[]): readonly RoleStep[] => (isSo ? steps : []);

/** ARN of the policy that denies everything, in the partition of a role. */
const denyAllOf = ({ arn }: Pick<RoleState, "arn">): string =>
  `arn:${readArn(arn).partition}:iam::aws:policy/AWSDenyAll`;

/**
 * Another boundary and other tags. Between the two what stands on the role would be allowed by nobody: where both change, a
 * boundary that denies everything stands for that moment.
 */
function replaced(
  before: RoleState,
  boundary: readonly RoleStep[],
  tags: readonly RoleStep[],
  crosses: boolean,
): readonly RoleStep[] {
  const isBoth = crosses && boundary.length > 0 && tags.length > 0;
  return [...where(isBoth, [{ kind: "set-boundary", boundary: denyAllOf(before) }]), ...tags, ...boundary];
}

/**
 * What has to be done until a role has no more than is allowed; nothing where it has no more. Another boundary, other tags and
 * each policy that allows and denies are one step: two of them, in whatever order, may give between them what neither before nor
 * afterwards was allowed. Then a boundary that denies everything stands for that moment. Pure.
 */
export function cutOf(before: RoleState, allowed: AllowedRights): Cut {
  const { boundary, tags, maxSession } = allowed;
  const { allows, both, denies } = removals(before, allowed);
  const opened: RoleStep =
    boundary === undefined ? { kind: "remove-boundary" } : { kind: "set-boundary", boundary };
  const set = where(boundary !== undefined && before.boundary !== boundary, [opened]);
  const [narrower, other] = before.boundary === undefined ? [set, []] : [[], set];
  const changed = roleTagChanges(before.tags, mergeTags(before.tags, tags)).set;
  const tagged = where(Object.keys(changed).length > 0, [{ kind: "tag", tags: changed }]);
  const isShut = both.length + other.length + tagged.length > 1;
  const { description } = before;
  return {
    narrowing: [
      ...(isShut ? [{ kind: "set-boundary", boundary: denyAllOf(before) } as const] : narrower),
      ...allows,
      ...where(before.maxSession > maxSession, [{ kind: "set-session", description, maxSession }]),
    ],
    afterwards: [...both, ...tagged, ...(isShut ? [...denies, opened] : [...other, ...denies])],
  };
}

/** The name under which IAM's own console ends sessions (IAM User Guide, "Revoke IAM role temporary security credentials"). */
const revocation = "AWSRevokeOlderSessions";

/** How a role is closed. */
export interface Closing {
  /** Lets nobody in; as JSON text. */
  readonly trustPolicy: string;
  /** Milliseconds since the epoch: older sessions may do nothing any more, also where a policy elsewhere names the role. */
  readonly now: number;
}

/**
 * Takes everything from a role but its id, name and tags: nobody gets in, who is in may do nothing any more, and no policy
 * is left. Nothing where it is so already. Pure.
 */
export function closingOf(before: RoleState, { trustPolicy, now }: Closing): Cut {
  const denyAll = denyAllOf(before);
  const isClosed = samePolicy(before.trustPolicy, trustPolicy, "trust");
  const isRevoked = isClosed && before.inline[revocation] !== undefined;
  const gone = removals(before, { policies: [], inline: [revocation] });
  const document = JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Deny",
      Action: "*",
      Resource: "*",
      Condition: { DateLessThan: { "aws:TokenIssueTime": new Date(now).toISOString() } },
    },
  });
  return {
    narrowing: [
      ...(isClosed ? [] : [{ kind: "set-trust", document: trustPolicy } as const]),
      ...(before.boundary === denyAll ? [] : [{ kind: "set-boundary", boundary: denyAll } as const]),
      ...(isRevoked ? [] : [{ kind: "put-inline", name: revocation, document } as const]),
      ...gone.allows,
    ],
    afterwards: [...gone.both, ...gone.denies],
  };
}

/** How a role comes to be what it shall be. */
export interface UpdateOptions {
  /** It is nobody's yet: our mark comes first. */
  readonly adopts?: boolean;
  /** For whose tokens: a tag says so until its trust policy does. */
  readonly provider?: string | undefined;
  /** What it shall be is allowed for another reason than what it is: the two must not stand together. */
  readonly crosses?: boolean;
}

/** Puts policies on a role. */
interface Additions {
  /** Each takes rights away: what denies, and of a policy that allows as well its denials, where none of its name stands. */
  readonly limits: readonly RoleStep[];
  readonly gains: readonly RoleStep[];
}

/** `isReplaced`: the boundary will be another; under the one of before inline policies may not be writable. */
function additions(before: Rights, wanted: DesiredRole, isReplaced: boolean): Additions {
  const differs = ([name, text]: readonly [string, string]): boolean =>
    before.inline[name] === undefined || !samePolicy(before.inline[name], text, "identity");
  const inline = Object.entries(wanted.inline).filter(differs);
  const policies = wanted.policies.filter((arn) => !before.policies.includes(arn));
  const put = ([name, document]: readonly [string, string]): RoleStep => ({
    kind: "put-inline",
    name,
    document,
  });
  const attach = (policy: string): RoleStep => ({ kind: "attach", policy });
  const denies = ([, text]: readonly [string, string]): boolean => policyEffects(text) === "deny";
  const isNewOfBoth = ([name, text]: readonly [string, string]): boolean =>
    before.inline[name] === undefined && policyEffects(text) === "both";
  return {
    limits: [
      ...inline.filter(denies).map(isReplaced ? reduced : put),
      ...inline.filter(isNewOfBoth).map(reduced),
      ...policies.filter(isManagedDenial).map(attach),
    ],
    gains: [
      ...inline.filter((one) => isReplaced && denies(one)).map(put),
      ...inline.filter((one) => !denies(one)).map(put),
      ...policies.filter((arn) => !isManagedDenial(arn)).map(attach),
    ],
  };
}

/** Everything that a role without policies is to have on it. Pure. */
export function additionsOf(wanted: DesiredRole): readonly RoleStep[] {
  const { limits, gains } = additions({ policies: [], inline: {} }, wanted, false);
  return [...limits, ...gains];
}

/** Takes all policies off a role that goes. Pure. */
export function strippingOf(before: Rights & Pick<RoleState, "arn">): readonly RoleStep[] {
  const gone = removals(before, { policies: [], inline: [] });
  return [...where(gone.both.length > 1, [{ kind: "shut", boundary: denyAllOf(before) }]), ...removed(gone)];
}

function tagSteps(before: RoleState, { tags }: DesiredRole): readonly RoleStep[] {
  const changes = roleTagChanges(before.tags, tags);
  const [set, remove] = [changes.set, changes.remove.filter((key) => key !== adoptingTag)];
  return [
    ...(Object.keys(set).length === 0 ? [] : [{ kind: "tag", tags: set } as const]),
    ...(remove.length === 0 ? [] : [{ kind: "untag", keys: remove } as const]),
  ];
}

/** The tags that mark a role as ours. */
function ownTags({ tags }: DesiredRole, provider: string | undefined): Tags {
  const marks = Object.fromEntries(Object.entries(tags).filter(([key]) => awsTags.isOwn(key)));
  return { ...marks, ...defined({ [adoptingTag]: provider }) };
}

/** What of a role stays while it is changed. */
function kept(before: RoleState, wanted: DesiredRole, { opens }: { readonly opens: boolean }): Rights {
  const { policies, inline } = before;
  const isSame = ([name, text]: readonly [string, string]): boolean => {
    const shall = wanted.inline[name];
    return shall !== undefined && (!opens || samePolicy(text, shall, "identity"));
  };
  return {
    policies: policies.filter((arn) => wanted.policies.includes(arn)),
    inline: Object.fromEntries(Object.entries(inline).filter(isSame)),
  };
}

/**
 * What brings a role that exists to what it shall be, in an order in which no step gives more than the role had or shall
 * have. What it had and keeps stays all the while. What denies is first. What is new comes before what goes, so that nobody misses
 * anything, unless somebody else may come in by it, other tags make it another, or the two are allowed for different reasons: then
 * what goes is off first. The old boundary stays until then, and one that goes for good goes last of all. Pure.
 */
export function updateOf(
  before: RoleState,
  wanted: DesiredRole,
  { adopts = false, crosses = false, provider }: UpdateOptions = {},
): readonly RoleStep[] {
  const { boundary } = wanted;
  const opens = !samePolicy(before.trustPolicy, wanted.trustPolicy, "trust");
  const [isBounded, isToBeBounded] = [before.boundary !== undefined, boundary !== undefined];
  const isReplaced = isBounded && isToBeBounded && before.boundary !== boundary;
  const stays = kept(before, wanted, { opens });
  const gone = removals(before, { policies: stays.policies, inline: Object.keys(stays.inline) });
  const set: RoleStep[] = boundary === undefined ? [] : [{ kind: "set-boundary", boundary }];
  const marks = adopts ? ownTags(wanted, provider) : {};
  const marked = { ...before, tags: mergeTags(before.tags, marks) };
  const tags = tagSteps(marked, wanted);
  const isAfter = [crosses, opens, isReplaced, tags.length > 0].some(Boolean);
  const { limits, gains } = additions(isAfter ? stays : before, wanted, isReplaced);
  const session = sessionSteps(before, wanted);
  return [
    ...where(adopts, [{ kind: "tag", tags: marks }]),
    ...session.first,
    ...where(!isBounded, set),
    ...limits,
    ...where(!isAfter, gains),
    ...removed(gone, replaced(before, where(isReplaced, set), tags, crosses)),
    ...session.later,
    ...where(opens, [{ kind: "set-trust", document: wanted.trustPolicy }]),
    ...where(adoptingTag in marked.tags, [{ kind: "untag", keys: [adoptingTag] }]),
    ...where(isAfter, gains),
    ...where(isBounded && !isToBeBounded, [{ kind: "remove-boundary" }]),
  ];
}

/** Shorter sessions come first: nothing is more than it was by them. */
function sessionSteps(
  before: RoleState,
  { description, maxSession }: DesiredRole,
): { readonly first: readonly RoleStep[]; readonly later: readonly RoleStep[] } {
  const isSame = before.description === description && before.maxSession === maxSession;
  const steps = where(!isSame, [{ kind: "set-session", description, maxSession }]);
  return maxSession < before.maxSession ? { first: steps, later: [] } : { first: [], later: steps };
}
