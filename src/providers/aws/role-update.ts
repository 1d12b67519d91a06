import { defined, mergeTags, recordOf } from "../../core/base/index.ts";
import { awsTags, type Tags } from "../../rules/plan/index.ts";
import { policyEffects } from "../../rules/trust/index.ts";
import { adoptingTag } from "./former-trust.ts";
import type { RoleState } from "./role.ts";
import type { DesiredRole } from "./role-fields.ts";
import {
  denyAllOf,
  isDenial,
  isManagedDenial,
  limitsRemoved,
  removals,
  type RoleStep,
  statementsOf,
  where,
  withStatements,
} from "./role-steps.ts";
import { samePolicy } from "./same-policy.ts";
import { roleTagChanges } from "./tags.ts";

/** How a role comes to be what it shall be. */
export interface UpdateOptions {
  /** It is nobody's yet: our mark comes first. */
  readonly adopts?: boolean;
  /** For whose tokens: a tag says so until its trust policy does. */
  readonly provider?: string | undefined;
  /** What it shall be is allowed for another reason than what it is: the two must not stand together. */
  readonly crosses?: boolean;
}

/** An inline policy that is to be written. */
interface Rewrite {
  readonly name: string;
  /** What stands under its name. */
  readonly before: string | undefined;
  readonly document: string;
}

function rewritesOf(before: RoleState["inline"], wanted: DesiredRole["inline"]): readonly Rewrite[] {
  return Object.entries(wanted).flatMap(([name, document]) => {
    const stood = before[name];
    const isSame = stood !== undefined && samePolicy(stood, document, "identity");
    return isSame ? [] : [{ name, before: stood, document }];
  });
}

const mayDeny = (text: string | undefined): boolean => text !== undefined && policyEffects(text) !== "allow";
const denialsOf = (text: string | undefined): readonly object[] =>
  text === undefined || !mayDeny(text) ? [] : statementsOf(text).filter(isDenial);
const versionOf = (text: string): unknown => recordOf(JSON.parse(text))["Version"];

/** Statements, each once; without their names, which a policy may have once as well. */
function distinct(statements: readonly object[]): readonly object[] {
  const named = statements.map((one) => JSON.stringify({ ...one, Sid: undefined }));
  return [...new Set(named)].map((text) => JSON.parse(text) as object);
}

/**
 * What stands under an inline policy's name until it is written whole: what it denies, and what the one of before did, which has
 * gone by then where it denied nothing. A variable is one in a newer version alone: of two versions that of before stands.
 */
function limitsOf({ name, before, document }: Rewrite): readonly RoleStep[] {
  const [kept, added] = [denialsOf(before), denialsOf(document)];
  if (before === undefined || kept.length === 0) {
    const limit = { kind: "reduce-inline", name, document: withStatements(document, added) } as const;
    return where(added.length > 0, [limit]);
  }
  const all = versionOf(before) === versionOf(document) ? distinct([...kept, ...added]) : kept;
  const isMore = policyEffects(before) === "both" || all.length > distinct(kept).length;
  const reduced = { kind: "reduce-inline", name, document: withStatements(before, all) } as const;
  return where(isMore, [{ ...reduced, orDelete: true }]);
}

const effects = ["deny", "both", "allow"];

/** Puts what a role has not yet on it, what denies first. */
function gainsOf(rewrites: readonly Rewrite[], policies: readonly string[]): readonly RoleStep[] {
  const rank = ({ document }: Rewrite): number => effects.indexOf(policyEffects(document));
  return [
    ...rewrites
      .toSorted((a, b) => rank(a) - rank(b))
      .map(({ name, document }): RoleStep => ({ kind: "put-inline", name, document })),
    ...policies.map((policy): RoleStep => ({ kind: "attach", policy })),
  ];
}

/** Policies to be attached: those that deny, and the others. */
function attachments(before: readonly string[], wanted: readonly string[]) {
  const added = wanted.filter((arn) => !before.includes(arn));
  const denying = added.filter(isManagedDenial).map((policy): RoleStep => ({ kind: "attach", policy }));
  return { denying, others: added.filter((arn) => !isManagedDenial(arn)) };
}

/** Everything that a role without policies is to have on it. Pure. */
export function additionsOf({ inline, policies }: DesiredRole): readonly RoleStep[] {
  const rewrites = rewritesOf({}, inline);
  const { denying, others } = attachments([], policies);
  const both = rewrites.filter(({ document }) => policyEffects(document) === "both");
  const limits = where(rewrites.length + policies.length > 1, both.flatMap(limitsOf));
  return [...denying, ...limits, ...gainsOf(rewrites, others)];
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

/**
 * Another boundary and other tags. Between the two what stands on the role would be allowed by nobody: where both change and the
 * role is allowed for another reason than before, a boundary that denies everything stands for that moment.
 */
function replaced(
  before: RoleState,
  boundary: readonly RoleStep[],
  tags: readonly RoleStep[],
  { adopts = false, crosses = false }: UpdateOptions,
): readonly RoleStep[] {
  const isBoth = (crosses || adopts) && boundary.length > 0 && tags.length > 0;
  const kind = crosses ? "set-boundary" : "shut";
  return [...where(isBoth, [{ kind, boundary: denyAllOf(before) }]), ...tags, ...boundary];
}

/**
 * What brings a role that exists to what it shall be, in an order in which no step gives more than the role had or shall
 * have. What it has and keeps stays all the while. What is new comes before what goes, so that nobody misses anything, unless
 * somebody else may come in by it, the two are allowed for different reasons, or the boundary, tags or a Deny become others: then
 * what goes is off first, and what denies is on. The old boundary stays until then, and one that goes for good goes last of all.
 * Pure.
 */
export function updateOf(
  before: RoleState,
  wanted: DesiredRole,
  options: UpdateOptions = {},
): readonly RoleStep[] {
  const { adopts = false, crosses = false, provider } = options;
  const { boundary } = wanted;
  const opens = !samePolicy(before.trustPolicy, wanted.trustPolicy, "trust");
  const [isBounded, isToBeBounded] = [before.boundary !== undefined, boundary !== undefined];
  const isReplaced = isBounded && isToBeBounded && before.boundary !== boundary;
  const set: RoleStep[] = boundary === undefined ? [] : [{ kind: "set-boundary", boundary }];
  const marks = adopts ? ownTags(wanted, provider) : {};
  const marked = { ...before, tags: mergeTags(before.tags, marks) };
  const tags = tagSteps(marked, wanted);
  const rewrites = rewritesOf(before.inline, wanted.inline);
  const deniesOther = rewrites.some(
    (one) => mayDeny(one.before) || (one.before !== undefined && mayDeny(one.document)),
  );
  const isAfter = [crosses, opens, isReplaced, tags.length > 0, deniesOther].some(Boolean);
  const gone = removals(before, {
    policies: wanted.policies,
    inline: keptNames(before, wanted, isAfter ? rewrites : []),
  });
  const { denying, others } = attachments(before.policies, wanted.policies);
  const limits = rewrites
    .filter(({ document }) => isAfter || policyEffects(document) === "both")
    .flatMap(limitsOf);
  const gains = gainsOf(rewrites, others);
  const session = sessionSteps(before, wanted);
  return [
    ...where(adopts, [{ kind: "tag", tags: marks }]),
    ...session.first,
    ...where(!isBounded, set),
    ...where(isAfter, gone.allows),
    ...denying,
    ...limits,
    ...where(!isAfter, [...gains, ...gone.allows]),
    ...limitsRemoved(gone, replaced(before, where(isReplaced, set), tags, options)),
    ...session.later,
    ...where(opens, [{ kind: "set-trust", document: wanted.trustPolicy }]),
    ...where(adoptingTag in marked.tags, [{ kind: "untag", keys: [adoptingTag] }]),
    ...where(isAfter, gains),
    ...where(isBounded && !isToBeBounded, [{ kind: "remove-boundary" }]),
  ];
}

/** Names of inline policies that stand and are not taken off; of those that are written later and deny nothing none. */
function keptNames(
  { inline }: RoleState,
  wanted: DesiredRole,
  rewrittenLater: readonly Rewrite[],
): readonly string[] {
  const goes = new Set(rewrittenLater.filter(({ before }) => !mayDeny(before)).map(({ name }) => name));
  return Object.keys(inline).filter((name) => wanted.inline[name] !== undefined && !goes.has(name));
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
