import { isoTime, mergeTags } from "../../core/base/index.ts";
import type { Tags } from "../../rules/plan/index.ts";
import type { RoleState } from "./role.ts";
import { denyAllOf, removals, type RoleStep, where } from "./role-steps.ts";
import { samePolicy } from "./same-policy.ts";
import { roleTagChanges } from "./tags.ts";

/** The rights of a role that are allowed to stay. */
export interface AllowedRights {
  /** ARNs of attached policies that stay. */
  readonly policies: readonly string[];
  /** Names of inline policies that stay. */
  readonly inline: readonly string[];
  /** The permissions boundary that the role has to have; undefined: any, or none. */
  readonly boundary: string | undefined;
  /** Tags that the role has to have; it may have others. */
  readonly tags: Tags;
  /** Seconds. */
  readonly maxSession: number;
}

/** The steps that take from a role what is not allowed. */
export interface Cut {
  /**
   * Each of these can only take rights away, whatever happens to the others: a permissions boundary where there was
   * none, policies that go, shorter sessions.
   */
  readonly narrowing: readonly RoleStep[];
  /**
   * In this order, and only after all of `narrowing` were done: another boundary, another tag and a Deny that goes could
   * give something to a policy that is not allowed.
   */
  readonly afterwards: readonly RoleStep[];
}

/** The name under which IAM's own console ends sessions (IAM User Guide, "Revoke IAM role temporary security credentials"). */
const revocation = "AWSRevokeOlderSessions";

/**
 * The steps until a role has no more than is allowed; none where it has no more. Another boundary, other tags and each
 * policy that allows and denies are one step: two of them, in whatever order, may give between them what neither before
 * nor afterwards was allowed. Then a boundary that denies everything is set for that moment, and also where the other
 * one does not exist. One that a cut before left, which was cut off itself, goes last; a role that was closed stays so,
 * until an update opens it. Pure.
 */
export function cutOf(before: RoleState, allowed: AllowedRights): Cut {
  const { boundary, tags, maxSession } = allowed;
  const denyAll = denyAllOf(before);
  const isClosed = before.boundary === denyAll && before.inline[revocation] !== undefined;
  const inline = isClosed ? [...allowed.inline, revocation] : allowed.inline;
  const { allows, both, denies } = removals(before, { ...allowed, inline });
  const opened: RoleStep =
    boundary === undefined
      ? { kind: "remove-boundary" }
      : { kind: "set-boundary", boundary, orElse: denyAll };
  const isSet = boundary === undefined ? before.boundary !== denyAll : before.boundary === boundary;
  const set = where(!isSet && !isClosed, [opened]);
  const [narrower, other] = before.boundary === undefined ? [set, []] : [[], set];
  const changed = roleTagChanges(before.tags, mergeTags(before.tags, tags)).set;
  const tagged = where(Object.keys(changed).length > 0, [{ kind: "tag", tags: changed }]);
  const isShut = !isClosed && both.length + other.length + tagged.length > 1;
  const { description } = before;
  return {
    narrowing: [
      ...(isShut ? shut(before) : narrower),
      ...allows,
      ...where(before.maxSession > maxSession, [{ kind: "set-session", description, maxSession }]),
    ],
    afterwards: [...both, ...tagged, ...(isShut ? [...denies, opened] : [...other, ...denies])],
  };
}

/** A boundary that denies everything; no step where it is set already. */
function shut(before: RoleState): readonly RoleStep[] {
  const boundary = denyAllOf(before);
  return where(before.boundary !== boundary, [{ kind: "set-boundary", boundary }]);
}

/** How a role is closed. */
export interface Closing {
  /** Lets no one in; as JSON text. */
  readonly trustPolicy: string;
  /** Milliseconds since the epoch: older sessions are revoked, also where a policy elsewhere names the role. */
  readonly now: number;
  /** Names of inline policies that only deny, and stay. */
  readonly inline?: readonly string[];
}

/**
 * Takes everything from a role but its id, name and tags: no one gets in, open sessions are revoked, and no policy is
 * left. No step where that is done already. Pure.
 */
export function closingOf(before: RoleState, { trustPolicy, now, inline = [] }: Closing): Cut {
  const isShut = before.boundary === denyAllOf(before);
  const isClosed = samePolicy(before.trustPolicy, trustPolicy, "trust");
  const isRevoked = isClosed && before.inline[revocation] !== undefined;
  const { allows, both, denies } = removals(before, { policies: [], inline: [revocation, ...inline] });
  const document = JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Deny",
      Action: "*",
      Resource: "*",
      Condition: { DateLessThan: { "aws:TokenIssueTime": isoTime(now) } },
    },
  });
  return {
    narrowing: [
      ...where(!isClosed, [{ kind: "set-trust", document: trustPolicy }]),
      ...shut(before),
      ...allows,
      // Nothing is given under that boundary, and what goes makes room for the policy that ends sessions.
      ...where(isShut, [...both, ...denies]),
      ...where(!isRevoked, [{ kind: "put-inline", name: revocation, document }]),
    ],
    afterwards: where(!isShut, [...both, ...denies]),
  };
}
