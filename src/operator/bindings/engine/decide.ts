import type { KubernetesObject } from "../../../providers/kubernetes/index.ts";
import { goneRefusal, type GrantRefusal, partyNames } from "../../../rules/bindings/index.ts";
import type { GrantRoom } from "../pass.ts";
import { isTrustEnding, problemsText, versionOf } from "../status.ts";
import type {
  BindingRules,
  Bound,
  Counting,
  EnginePass,
  Opened,
  RightRules,
  RowTypes,
  TakingWhole,
} from "./row.ts";

/** What a binding gets of a trust, or why it gets nothing. */
export type Decided<T extends RowTypes> = Omit<Bound<T>, "trust"> | GrantRefusal;

/** A trust without these grants. */
const without = <Trust extends RowTypes["trust"]>(trust: Trust, names: ReadonlySet<string>): Trust => ({
  ...trust,
  grants: trust.grants.filter(({ name }) => !names.has(name)),
});

/** Which grants of a trust have no room for the binding; undefined where nothing is counted. */
export function roomIn<T extends RowTypes>(
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
  const gone = goneRefusal(pass.facts.trust, rules.placesOf(trust, granted));
  return gone ?? bounded(rules, pass, { trust, binding, granted });
}

/** Whether nothing that decides the cut has changed since the last complete one. */
export function isCutBefore<T extends RowTypes>({ facts, status }: EnginePass<T>): boolean {
  return (
    status.observedGeneration === facts.object.metadata.generation &&
    status.observedTrust !== undefined &&
    status.observedTrust === (facts.trust && versionOf(facts.trust))
  );
}

/**
 * A trust as it limits what stands: without any grant while it is being deleted, and without those that have no room. A
 * count takes only where the trust was changed since the last cut: no act of another binding does that.
 */
export function limitsOf<T extends RowTypes>(
  rules: BindingRules<T>,
  pass: EnginePass<T>,
  trust: T["trust"],
): T["trust"] {
  if (isTrustEnding(pass)) return { ...trust, grants: [] };
  const isLowered = pass.status.observedTrust !== (pass.facts.trust && versionOf(pass.facts.trust));
  const held = isLowered ? roomIn(rules, pass, trust)?.heldBeyond : undefined;
  return held === undefined ? trust : without(trust, held);
}

/**
 * Which rights a trust, as it limits them, lets stand: a grant of it allows them, and they are not podtrust's own. What
 * the binding asks for has no part in it.
 */
export function standsBy<T extends RowTypes>(
  { reserved }: Pick<RightRules<T>, "reserved">,
  { facts }: EnginePass<T>,
  {
    trust,
    taking,
    own,
  }: Pick<Opened<T>, "own"> & {
    readonly trust: T["trust"];
    readonly taking: Pick<TakingWhole<T>, "mayStand">;
  },
): (right: T["right"]) => boolean {
  const { namespace = "", name } = facts.object.metadata;
  return (right) => taking.mayStand(trust, { namespace, name }, right) && reserved(right, own) === undefined;
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
