import { recordOf, recordsOf } from "../../core/base/index.ts";
import { denyAllArn, readArn } from "../../rules/oidc/index.ts";
import type { Tags } from "../../rules/plan/index.ts";
import { policyEffects, type PolicyEffects } from "../../rules/trust/index.ts";
import type { RoleState } from "./role.ts";

/** One call of IAM that changes a role. */
export type RoleStep =
  | { readonly kind: "attach"; readonly policy: string }
  | { readonly kind: "detach"; readonly policy: string }
  | { readonly kind: "put-inline"; readonly name: string; readonly document: string }
  /**
   * Gives no more than the present policy of the name, where it may be written and has room; it is deleted, or written
   * whole, afterwards.
   */
  | {
      readonly kind: "reduce-inline";
      readonly name: string;
      readonly document: string;
      /** Without the right to write it the policy is deleted. */
      readonly orDelete?: true;
    }
  | { readonly kind: "delete-inline"; readonly name: string }
  | {
      readonly kind: "set-boundary";
      readonly boundary: string;
      /** Set where IAM has no such policy: what it would limit is without limit otherwise. The step fails all the same. */
      readonly orElse?: string;
    }
  /** The boundary that denies everything, where it may be set: another one comes afterwards, or the role is deleted. */
  | { readonly kind: "shut"; readonly boundary: string }
  | { readonly kind: "remove-boundary" }
  | { readonly kind: "tag"; readonly tags: Tags }
  | { readonly kind: "untag"; readonly keys: readonly string[] }
  | { readonly kind: "set-trust"; readonly document: string }
  | { readonly kind: "set-session"; readonly description: string; readonly maxSession: number };

/** The policies on a role. */
export type Rights = Pick<RoleState, "policies" | "inline">;

/** The steps where the condition holds, else none. */
export const where = (isSo: boolean, steps: readonly RoleStep[]): readonly RoleStep[] => (isSo ? steps : []);

/** The statements of an inline policy. */
export function statementsOf(text: string): readonly Readonly<Record<string, unknown>>[] {
  const { Statement } = recordOf(JSON.parse(text));
  return recordsOf(Array.isArray(Statement) ? Statement : [Statement]);
}

/** Whether a statement denies. */
export const isDenial = ({ Effect }: Readonly<Record<string, unknown>>): boolean => Effect === "Deny";

/** An inline policy with other statements, as JSON text. */
export function withStatements(text: string, Statement: readonly object[]): string {
  return JSON.stringify({ ...recordOf(JSON.parse(text)), Statement });
}

// AWS's own policies that allow nothing (AWS Managed Policy Reference). Other managed policies can only be judged by
// their document, which is not read: they count as allowing.
const managedDenials = /^arn:[a-z-]+:iam::aws:policy\/(?:AWSDenyAll|AWSCompromisedKeyQuarantine(?:V[23])?)$/u;

/** Whether a managed policy is one of AWS's that deny and allow nothing. */
export const isManagedDenial = (arn: string): boolean => managedDenials.test(arn);

/** ARN of the policy that denies everything, in the partition of a role. */
export const denyAllOf = ({ arn }: Pick<RoleState, "arn">): string => denyAllArn(readArn(arn).partition);

/** Takes policies off a role. */
export interface Removals {
  /** Each removes rights and no limit. */
  readonly allows: readonly RoleStep[];
  /** What leaves only the limit of each of `both`. */
  readonly reductions: readonly RoleStep[];
  /** Each removes a right and a limit on others. */
  readonly both: readonly RoleStep[];
  /** Each removes only a limit. */
  readonly denies: readonly RoleStep[];
}

/**
 * The steps that take all policies off a role but those that stay: attached ones by their ARN, inline ones by their
 * name. Pure.
 */
export function removals(
  before: Rights,
  stays: { readonly policies: readonly string[]; readonly inline: readonly string[] },
): Removals {
  const policies = before.policies.filter((arn) => !stays.policies.includes(arn));
  const inline = Object.entries(before.inline).filter(([name]) => !stays.inline.includes(name));
  const detach = (policy: string): RoleStep => ({ kind: "detach", policy });
  const ofEffects = (effects: PolicyEffects) => inline.filter(([, text]) => policyEffects(text) === effects);
  const remove = (effects: PolicyEffects) =>
    ofEffects(effects).map(([name]): RoleStep => ({ kind: "delete-inline", name }));
  return {
    allows: [...policies.filter((arn) => !isManagedDenial(arn)).map(detach), ...remove("allow")],
    reductions: ofEffects("both").map(([name, text]) => ({
      kind: "reduce-inline",
      name,
      document: withStatements(text, statementsOf(text).filter(isDenial)),
    })),
    both: remove("both"),
    denies: [...remove("deny"), ...policies.filter(isManagedDenial).map(detach)],
  };
}

/**
 * Removes the limits, after the other given steps, in an order in which no step gives more than before once `allows`
 * are removed. One policy may deny what another allows, or what another boundary or tag would.
 */
export const limitsRemoved = (
  { reductions, both, denies }: Removals,
  between: readonly RoleStep[] = [],
): readonly RoleStep[] => [
  ...where(both.length + between.length > 1, reductions),
  ...between,
  ...both,
  ...denies,
];

/** Takes all policies off a role that is to be deleted. Pure. */
export function strippingOf(before: Rights & Pick<RoleState, "arn">): readonly RoleStep[] {
  const gone = removals(before, { policies: [], inline: [] });
  const shut = where(gone.both.length > 1, [{ kind: "shut", boundary: denyAllOf(before) }]);
  return [...shut, ...gone.allows, ...limitsRemoved(gone)];
}
