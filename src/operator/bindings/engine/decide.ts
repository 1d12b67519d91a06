import type { KubernetesObject } from "../../../providers/kubernetes/index.ts";
import { goneRefusal, type GrantRefusal, partyNames } from "../../../rules/bindings/index.ts";
import type { GrantRoom } from "../pass.ts";
import { isTrustEnding, problemsText, versionOf } from "../status.ts";
import type { BindingRules, Bound, Counting, EnginePass, Opened, RightRules, RowTypes } from "./row.ts";

/** What a binding gets of a trust, or why it gets nothing. */
export type Decided<T extends RowTypes> = Omit<Bound<T>, "trust"> | GrantRefusal;

/** A trust without these grants. */
const without = <Trust extends RowTypes["trust"]>(trust: Trust, names: ReadonlySet<string>): Trust => ({
  ...trust,
  grants: trust.grants.filter(({ name }) => !names.has(name)),
});

function roomIn<T extends RowTypes>(
  { counting }: BindingRules<T>,
  { facts }: EnginePass<T>,
  trust: T["trust"],
): GrantRoom | undefined {
  return counting === "none" ? undefined : facts.room?.(counting.of(trust));
}

function fullRefusal<T extends RowTypes>(
  { of, what, field }: Counting<T>,
  kind: string,
  trust: T["trust"],
  full: ReadonlySet<string>,
): GrantRefusal {
  const which = of(trust)
    .grants.filter((one) => full.has(one.name))
    .map((one) => `grant ${one.name} gives ${one.maxRoles} ${what}`);
  const message = `${which.join(", ")} (${field} of ${kind} ${trust.name}), and older bindings have them`;
  return { reason: "GrantFull", message };
}

/** The same, as far as the grants have room for it. */
function bounded<T extends RowTypes>(
  rules: BindingRules<T>,
  pass: EnginePass<T>,
  { trust, binding, granted }: Bound<T>,
): Decided<T> {
  const { counting } = rules;
  if (counting === "none" || !counting.isCounted(granted)) return { binding, granted };
  const room = roomIn(rules, pass, trust);
  const full = new Set([...(room?.heldBeyond ?? []), ...(room?.wantedBeyond ?? [])]);
  const rest = rules.decide(binding, without(trust, full));
  if ("granted" in rest) return { binding, granted: rest.granted };
  return fullRefusal(counting, partyNames[rules.party].trust.kind, trust, full);
}

/** What a trust, as it was read, gives the binding; `trust` is undefined where there is none of the name. */
export function decidedBy<T extends RowTypes>(
  rules: BindingRules<T>,
  pass: EnginePass<T>,
  trust: T["trust"] | undefined,
): Decided<T> {
  const read = rules.readBinding(pass.facts.object);
  if ("problems" in read) return { reason: "BindingInvalid", message: problemsText(read.problems) };
  const binding = read.object;
  if (isTrustEnding(pass)) {
    const message = `${partyNames[rules.party].trust.kind} ${binding.trust} is being deleted, and grants nothing any more`;
    return { reason: "NamespaceNotGranted", message };
  }
  const whole = rules.decide(binding, trust);
  if ("refusals" in whole) {
    const message = whole.refusals.map((one) => one.message).join("; ");
    return { reason: whole.refusals[0]?.reason ?? "TrustMissing", message };
  }
  if (trust === undefined) return { reason: "TrustMissing", message: "" };
  const { granted } = whole;
  const gone = goneRefusal(pass.facts.trust, [rules.scopeOf(trust, granted)]);
  return gone ?? bounded(rules, pass, { trust, binding, granted });
}

/**
 * Which rights a trust, as it was read, lets stand: a grant of it allows them, and they are not podtrust's own. What the
 * binding asks for has no part in it. A count takes only where the trust was changed since the last cut: no act of
 * another binding does that.
 */
export function standsBy<T extends RowTypes>(
  { rules, rights }: { readonly rules: BindingRules<T>; readonly rights: RightRules<T> },
  pass: EnginePass<T>,
  trust: T["trust"],
  own: Opened<T>["own"],
): (right: T["right"]) => boolean {
  if (isTrustEnding(pass)) return () => false;
  const isLowered = pass.status.observedTrust !== (pass.facts.trust && versionOf(pass.facts.trust));
  const held = isLowered ? roomIn(rules, pass, trust)?.heldBeyond : undefined;
  const granting = held === undefined ? trust : without(trust, held);
  const { namespace = "", name } = pass.facts.object.metadata;
  return (right) =>
    rights.mayStand(granting, { namespace, name }, right) && rights.reserved(right, own) === undefined;
}

/** A trust that can be read, or why it cannot; undefined where there is none. */
export function trustRead<T extends RowTypes>(
  { readTrust, party }: BindingRules<T>,
  object: KubernetesObject | undefined,
): { readonly trust: T["trust"] } | GrantRefusal | undefined {
  if (object === undefined) return undefined;
  const read = readTrust(object);
  if ("object" in read) return { trust: read.object };
  const { kind } = partyNames[party].trust;
  const message = `${kind} ${object.metadata.name}: ${problemsText(read.problems)}`;
  return { reason: "BindingInvalid", message };
}
