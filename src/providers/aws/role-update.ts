import { defined, mergeTags } from "../../core/base/index.ts";
import { awsTags, type Tags } from "../../rules/plan/index.ts";
import { isReadable, policyEffects } from "../../rules/trust/index.ts";
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

/** How a role becomes the desired one. */
export interface UpdateOptions {
  /** It has no owner yet: our mark comes first. */
  readonly adopts?: boolean;
  /** The provider whose tokens it is for: a tag says so until its trust policy does. */
  readonly provider?: string | undefined;
  /** The desired role is allowed for another reason than the present one: their policies must not be on it together. */
  readonly crosses?: boolean;
}

/** An inline policy that is to be written. */
interface Rewrite {
  readonly name: string;
  /** The present policy of its name. */
  readonly before: string | undefined;
  readonly document: string;
}

function rewritesOf(before: RoleState["inline"], desired: DesiredRole["inline"]): readonly Rewrite[] {
  return Object.entries(desired).flatMap(([name, document]) => {
    const stood = before[name];
    const isSame = stood !== undefined && samePolicy(stood, document, "identity");
    return isSame ? [] : [{ name, before: stood, document }];
  });
}

const mayDeny = (text: string | undefined): boolean => text !== undefined && policyEffects(text) !== "allow";
const denialsOf = (text: string | undefined): readonly object[] =>
  text === undefined || !mayDeny(text) ? [] : statementsOf(text).filter(isDenial);

/** Whether the present policy allows and denies nothing, as far as it can be read. */
const onlyAllows = ({ before }: Rewrite): boolean =>
  before !== undefined && isReadable(before) && !mayDeny(before);

/** Whether the denials of an existing policy change. */
const deniesOther = ({ before, document }: Rewrite): boolean =>
  before !== undefined && (mayDeny(before) || mayDeny(document));

/** Statements, each once; without their names, which a policy may have once as well. */
function distinct(statements: readonly object[]): readonly object[] {
  const unnamed = statements.map((one) => JSON.stringify({ ...one, Sid: undefined }));
  return [...new Set(unnamed)].map((text) => JSON.parse(text) as object);
}

/** How much of an existing policy is left until it is written whole. */
type Meanwhile = "all" | "denials" | "nothing";

/**
 * The interim content of an inline policy until it is written whole: what is left of the present one, and what it will
 * deny, as far as there is room.
 */
function limitsOf({ name, before, document }: Rewrite, left: Meanwhile): readonly RoleStep[] {
  const added = denialsOf(document);
  const reduce = (text: string, statements: readonly object[]): RoleStep => ({
    kind: "reduce-inline",
    name,
    document: withStatements(text, statements),
  });
  if (before === undefined || left === "nothing") return where(added.length > 0, [reduce(document, added)]);
  // What it denies is not known, and stays until it is written whole.
  if (!isReadable(before)) return [];
  const base = distinct(left === "all" ? statementsOf(before) : denialsOf(before));
  const all = distinct([...base, ...added]);
  const isReduced = left === "denials" && policyEffects(before) === "both";
  return [
    // It has room in any case; without the right to write it what it allows is removed by a deletion.
    ...where(isReduced, [{ ...reduce(before, base), orDelete: true } as RoleStep]),
    ...where(all.length > base.length, [reduce(before, all)]),
  ];
}

const effects = ["deny", "both", "allow"];

/** Adds what a role lacks, denials first. */
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
function attachments(before: readonly string[], desired: readonly string[]) {
  const added = desired.filter((arn) => !before.includes(arn));
  const denying = added.filter(isManagedDenial).map((policy): RoleStep => ({ kind: "attach", policy }));
  return { denying, others: added.filter((arn) => !isManagedDenial(arn)) };
}

/** Everything that a role without policies is to have on it. Pure. */
export function additionsOf({ inline, policies }: DesiredRole): readonly RoleStep[] {
  const rewrites = rewritesOf({}, inline);
  const { denying, others } = attachments([], policies);
  const both = rewrites.filter(({ document }) => policyEffects(document) === "both");
  const limits = both.flatMap((one) => limitsOf(one, "nothing"));
  const isAlone = rewrites.length + policies.length === 1;
  return [...denying, ...where(!isAlone, limits), ...gainsOf(rewrites, others)];
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
 * Another boundary and other tags. Between the two, the role would be in a state that no grant allows: where both
 * change and the role is allowed for another reason than before, a boundary that denies everything is set for that
 * moment.
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

/** How the inline policies of a role change. */
interface InlineUpdate {
  readonly limits: readonly RoleStep[];
  /** Those that can be written first, once `limits` are set. */
  readonly early: readonly Rewrite[];
  /** Those with a denial, present or future; all of them in an order of their own. */
  readonly late: readonly Rewrite[];
  /** Names of those that are not taken off. */
  readonly kept: readonly string[];
}

/** `isAfter`: old policies are removed before new ones are added. */
function inlineUpdate(before: RoleState, desired: DesiredRole, isAfter: boolean): InlineUpdate {
  const rewrites = rewritesOf(before.inline, desired.inline);
  const goes = isAfter ? rewrites.filter(onlyAllows) : [];
  const late = isAfter ? rewrites : rewrites.filter(deniesOther);
  // Of several, what one allows may be what the other denied.
  const left = (one: Rewrite): Meanwhile => {
    if (goes.includes(one)) return "nothing";
    return !isAfter && late.length === 1 ? "all" : "denials";
  };
  return {
    limits: rewrites
      .filter(({ before: stood, document }) => isAfter || mayDeny(stood) || mayDeny(document))
      .flatMap((one) => limitsOf(one, left(one))),
    early: rewrites.filter((one) => !late.includes(one)),
    late,
    kept: Object.keys(before.inline).filter(
      (name) => desired.inline[name] !== undefined && !goes.some((one) => one.name === name),
    ),
  };
}

/**
 * The steps that make an existing role the desired one, in an order in which no step gives more than the role had or is
 * to have. What it has and keeps stays throughout. New policies come before old ones go, so that no session loses a
 * right, unless others may come in meanwhile, the two are allowed for different reasons, or boundary or tags change:
 * then old policies go first, and denials are in place. An inline policy whose denials become others is written whole
 * in between. The old boundary stays until then, and one that goes for good goes last of all. A single change of all of
 * these is one call. Pure.
 */
export function updateOf(
  before: RoleState,
  desired: DesiredRole,
  options: UpdateOptions = {},
): readonly RoleStep[] {
  const { adopts = false, crosses = false, provider } = options;
  const { boundary } = desired;
  const opens = !samePolicy(before.trustPolicy, desired.trustPolicy, "trust");
  const [isBounded, isToBeBounded] = [before.boundary !== undefined, boundary !== undefined];
  const isReplaced = isBounded && isToBeBounded && before.boundary !== boundary;
  const set: RoleStep[] = boundary === undefined ? [] : [{ kind: "set-boundary", boundary }];
  const marks = adopts ? ownTags(desired, provider) : {};
  const marked = { ...before, tags: mergeTags(before.tags, marks) };
  const tags = tagSteps(marked, desired);
  const isAfter = [crosses, opens, isReplaced, tags.length > 0].some(Boolean);
  const { limits, early, late, kept } = inlineUpdate(before, desired, isAfter);
  const gone = removals(before, { policies: desired.policies, inline: kept });
  const { denying, others } = attachments(before.policies, desired.policies);
  const [atOnce, afterwards] = isAfter ? [[], others] : [others, []];
  const [gains, whole] = [gainsOf(early, atOnce), gainsOf(late, afterwards)];
  const between = [...replaced(before, where(isReplaced, set), tags, options), ...where(!isAfter, whole)];
  const changes = [...denying, ...gains, ...gone.allows, ...gone.both, ...gone.denies, ...between, ...whole];
  const isAlone = new Set(changes).size === 1 && ![opens, isBounded !== isToBeBounded].includes(true);
  const session = sessionSteps(before, desired);
  return [
    ...where(adopts, [{ kind: "tag", tags: marks }]),
    ...session.first,
    ...where(!isBounded, set),
    ...where(isAfter, gone.allows),
    ...denying,
    ...where(!isAlone, limits),
    ...gains,
    ...where(!isAfter, gone.allows),
    ...limitsRemoved(gone, between),
    ...session.later,
    ...where(opens, [{ kind: "set-trust", document: desired.trustPolicy }]),
    ...where(adoptingTag in marked.tags, [{ kind: "untag", keys: [adoptingTag] }]),
    ...where(isAfter, whole),
    ...where(isBounded && !isToBeBounded, [{ kind: "remove-boundary" }]),
  ];
}

/** Shorter sessions come first: they give nothing new. */
function sessionSteps(
  before: RoleState,
  { description, maxSession }: DesiredRole,
): { readonly first: readonly RoleStep[]; readonly later: readonly RoleStep[] } {
  const isSame = before.description === description && before.maxSession === maxSession;
  const steps = where(!isSame, [{ kind: "set-session", description, maxSession }]);
  return maxSession < before.maxSession ? { first: steps, later: [] } : { first: [], later: steps };
}
