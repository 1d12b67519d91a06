/** A raw parameter: the query protocol gives only strings, lists and structures; JSON all of these. */
export type Raw = string | number | boolean | null | readonly Raw[] | RawRecord;
export interface RawRecord {
  readonly [name: string]: Raw;
}

/**
 * What an answer is made of. Structures are objects whose undefined members are left out; lists are arrays
 * (`<member>` in XML); maps are `Map` (`<entry><key/><value/>` in XML); a Date is ISO 8601 in XML and a number
 * of seconds in JSON.
 */
export type Value = string | number | boolean | Date | readonly Value[] | ReadonlyMap<string, Value> | Shape;
export interface Shape {
  readonly [name: string]: Value | undefined;
}
