/**
 * The members that have a value, for a spread into an object whose optional members must be absent, not undefined
 * (exactOptionalPropertyTypes): `{ name, ...defined({ path, region }) }`.
 */
export function defined<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/**
 * What a function makes of a value, and undefined for none: the value of an optional member of `defined`, as in
 * `{ name, ...defined({ caFile: mapped(caFile, absolute) }) }`.
 */
export function mapped<T, R>(value: T | undefined, make: (value: T) => R): R | undefined {
  return value === undefined ? undefined : make(value);
}
