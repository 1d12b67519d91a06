/** One of a resource's outputs: what it gives to others once it exists, an address or an id. Always text. */
export interface ResourceOutput {
  /** The id of the resource. */
  readonly after: string;
  readonly name: string;
}

/** A value, or the resource after whose change it will be known. */
export type Known<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly after: string };

/** Stands in a plan's field for a value that is known only after a resource was applied. */
export interface KnownAfter {
  readonly knownAfter: string;
}

/** What a resource may read of others: each of them named in its `needs`. */
export interface Inputs {
  get(output: ResourceOutput): Known<string>;
}

/** The same of a value made from another. */
export function mapKnown<T, U>(known: Known<T>, make: (value: T) => U): Known<U> {
  return known.known ? { known: true, value: make(known.value) } : known;
}

/** A value as a plan's field shows it. */
export function shownKnown(known: Known<unknown>): unknown {
  return known.known ? known.value : ({ knownAfter: known.after } satisfies KnownAfter);
}

/** Whether a field's value is not known yet. */
export function isKnownAfter(value: unknown): value is KnownAfter {
  return typeof value === "object" && value !== null && Object.keys(value).join() === "knownAfter";
}

/** The inputs of a resource that needs none. */
export const noInputs: Inputs = {
  get({ after }) {
    throw new TypeError(`an output of ${after} is asked for, which nothing named`);
  },
};
