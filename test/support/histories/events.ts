/** What happens in a random history, the same for every relying party. */
import * as fc from "fast-check";
import type { CallFate, HistoryParty } from "./vendor.ts";

/** Two of one namespace, and one that wishes them ill. */
export const people = ["shop/web", "shop/api", "evil/web"] as const;
export const trustNames = ["default", "second"] as const;
/** What a binding names that names no trust. */
const missing = "none";

type Person = (typeof people)[number];
type TrustName = (typeof trustNames)[number];

/** A place that no party has: the definition refuses a trust of it. */
export const nowhere = 9;

/** What somebody does who is not the operator, or what becomes of the operator. */
export type Change =
  | {
      readonly kind: "trust";
      readonly name: TrustName;
      readonly grants: readonly number[];
      readonly place: number;
    }
  | {
      readonly kind: "bind";
      readonly who: Person;
      readonly trust: string;
      readonly spec: number;
      readonly place: number;
    }
  /** The binding's deletion is asked for, or its finalizer is taken away too. */
  | { readonly kind: "unbind" | "tear"; readonly who: Person }
  | { readonly kind: "deed"; readonly who: Person; readonly deed: string }
  /** Somebody else writes to the binding, which changes its version alone. */
  | { readonly kind: "touch"; readonly who: Person }
  | { readonly kind: "end-trust"; readonly name: TrustName }
  | { readonly kind: "restart" }
  | { readonly kind: "wait"; readonly minutes: number };

/** A turn of the operator, of a binding or of a trust. */
export interface Turn {
  readonly kind: "turn";
  readonly of: Person | TrustName;
  /** Of its calls that change something, in order; those after them are done. */
  readonly fates: readonly CallFate[];
  /** So often it is told that it holds the lease. */
  readonly held: number;
  /** What happens before so many of these calls. */
  readonly meanwhile?: { readonly calls: number; readonly change: Change };
}

/** So many bindings of one namespace want a turn at once, which name these trusts one after another. */
export interface Rush {
  readonly kind: "rush";
  readonly evil: readonly string[];
  readonly many: number;
}

export type HistoryEvent = Change | Turn | Rush;

const trustOfBinding = fc.constantFrom(...trustNames, ...trustNames, ...trustNames, missing);

/** What may change with a party. */
function changesOf({ grants, places, trustPlaces, specs, deeds }: HistoryParty): fc.Arbitrary<Change> {
  const place = fc.nat(places - 1);
  const who = fc.constantFrom(...people);
  const name = fc.constantFrom(...trustNames);
  const all = Array.from({ length: grants }, (_, index) => index);
  const weighed = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
  const one = <Kind extends string>(kind: Kind) => fc.constant(kind);
  return fc.oneof(
    weighed(
      5,
      fc.record({
        kind: one("trust"),
        name,
        grants: fc.shuffledSubarray(all),
        place: fc.constantFrom(...trustPlaces),
      }),
    ),
    weighed(8, fc.record({ kind: one("bind"), who, trust: trustOfBinding, spec: fc.nat(specs - 1), place })),
    weighed(2, fc.record({ kind: fc.constantFrom("unbind", "tear"), who })),
    weighed(2, fc.record({ kind: one("deed"), who, deed: fc.constantFrom(...deeds) })),
    weighed(1, fc.record({ kind: one("end-trust"), name })),
    weighed(1, fc.record({ kind: one("restart") })),
    weighed(2, fc.record({ kind: one("wait"), minutes: fc.integer({ min: 1, max: 12 }) })),
  );
}

const fate = fc.oneof(
  { weight: 8, arbitrary: fc.constant<CallFate>("done") },
  { weight: 3, arbitrary: fc.constantFrom<CallFate>("refused", "lost", "late", "stopped") },
);

/** Histories of a party: something changes, and the operator has some turns. */
export function historiesOf(party: HistoryParty): fc.Arbitrary<readonly HistoryEvent[]> {
  const change = changesOf(party);
  const turn = (of: fc.Arbitrary<Turn["of"]>): fc.Arbitrary<Turn> =>
    fc.record(
      {
        kind: fc.constant("turn" as const),
        of,
        fates: fc.array(fate, { maxLength: 5 }),
        held: fc.oneof({ weight: 6, arbitrary: fc.constant(99) }, { weight: 1, arbitrary: fc.nat(3) }),
        meanwhile: fc.record({ calls: fc.nat(3), change }),
      },
      { requiredKeys: ["kind", "of", "fates", "held"] },
    );
  const any = turn(fc.constantFrom(...people, ...people, ...trustNames));
  const rush = fc.record({
    kind: fc.constant("rush" as const),
    evil: fc.subarray([...trustNames, missing, "none-2"], { minLength: 1 }),
    many: fc.integer({ min: 9, max: 24 }),
  });
  const step = change.chain((one): fc.Arbitrary<readonly HistoryEvent[]> => {
    const turns =
      "who" in one ? fc.tuple(turn(fc.constant(one.who)), fc.array(any, { maxLength: 2 })) : undefined;
    if (turns !== undefined) return turns.map(([first, more]) => [one, first, ...more]);
    return fc.array(any, { maxLength: 3 }).map((more) => [one, ...more]);
  });
  const steps = fc.oneof({ weight: 12, arbitrary: step }, { weight: 1, arbitrary: rush.map((one) => [one]) });
  return fc.array(steps, { minLength: 3, maxLength: 9 }).map((list) => list.flat());
}

/** A turn of which all calls are done. */
export const turnOf = (of: Turn["of"]): Turn => ({ kind: "turn", of, fates: [], held: 99 });

export const bindTo = (who: Person, spec: number, trust = "default", place = 0): Change => ({
  kind: "bind",
  who,
  trust,
  spec,
  place,
});

export const grantsOf = (grants: readonly number[], name: TrustName = "default", place = 0): Change => ({
  kind: "trust",
  name,
  grants,
  place,
});
