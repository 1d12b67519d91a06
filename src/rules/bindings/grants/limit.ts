import type { BindingReason } from "../../../core/reasons/index.ts";
import type { ObjectField, SchemaField } from "../schema/field.ts";
import { type GrantedTo, isFor, type NamespacedName } from "./is-for.ts";
import type { GrantRefusal } from "./matching-grants.ts";

/** One thing that a grant `g` has to allow of what is requested, `r`: whether it does, and what it lacks as the end of a sentence. */
export interface Requirement {
  /** CEL that is true or false. */
  readonly allowed: string;
  /** CEL that gives a text. */
  readonly lacks: string;
}

/** What one field of a grant refuses of what a binding requests. */
export interface LimitRefusal<Requested, Grant> {
  readonly reason: BindingReason;
  /** What the grant does not allow, each as the end of a sentence that begins with the grant. */
  readonly lacks: (requested: Requested, grant: Grant) => readonly string[];
  /** The same at the API server. */
  readonly admission: Requirement;
}

/** One field of a grant, wherever grants are judged. */
export interface GrantLimit<Requested, Grant> {
  /** The field in the definition of the trust, with what it means. */
  readonly schema: SchemaField;
  /** Undefined for a field that says how much of what it allows, and refuses nothing by itself. */
  readonly refuses: LimitRefusal<Requested, Grant> | undefined;
}

/**
 * Every field of a grant but its name and whom it is for, which `isFor` judges. A field without its row is an error of the
 * compiler. Refusals are in the order of the rows.
 */
export type GrantLimits<
  Requested,
  Grant extends GrantedTo,
  Limit extends GrantLimit<Requested, Grant> = GrantLimit<Requested, Grant>,
> = Readonly<Record<Exclude<keyof Grant, keyof GrantedTo>, Limit>>;

/** What the fields of a grant refuse, in the order of its rows. */
export const refusalsOf = <Requested, Grant>(
  limits: Readonly<Record<string, GrantLimit<Requested, Grant>>>,
): readonly LimitRefusal<Requested, Grant>[] => Object.values(limits).flatMap(({ refuses }) => refuses ?? []);

/** What a grant does not allow of what is requested; nothing where it allows all of it. `named`: what the message begins with. */
export function lacksOf<Requested, Grant extends GrantedTo>(
  refusals: readonly LimitRefusal<Requested, Grant>[],
  requested: Requested,
  grant: Grant,
  named = "",
): readonly GrantRefusal[] {
  return refusals.flatMap(({ reason, lacks }) =>
    lacks(requested, grant).map((lack) => ({ reason, message: `${named}grant ${grant.name} ${lack}` })),
  );
}

/** Whether one of some grants is for a binding and allows all of what it has or requests. */
export const isAllowed = <Requested, Grant extends GrantedTo>(
  refusals: readonly LimitRefusal<Requested, Grant>[],
  grants: readonly Grant[],
  whose: NamespacedName,
  requested: Requested,
): boolean => grants.some((grant) => isFor(grant, whose) && lacksOf(refusals, requested, grant).length === 0);

/** The fields of a grant in the definition of its trust. */
export const fieldsOf = (
  limits: Readonly<Record<string, Pick<GrantLimit<never, never>, "schema">>>,
): ObjectField["properties"] =>
  Object.fromEntries(Object.entries(limits).map(([name, { schema }]) => [name, schema]));

/** What is lacking, where it is. */
export const lackIf = (isLacking: boolean, lack: string): readonly string[] => (isLacking ? [lack] : []);
