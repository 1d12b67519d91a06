/**
 * The members that have a value, for a spread into an object whose optional members must be absent, not undefined
 * (exactOptionalPropertyTypes): `{ name, ...defined({ path, region }) }`.
 */
export function defined<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
