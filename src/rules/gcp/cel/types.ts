/** What is known of a value before there is one: of a claim nothing, which is `dyn`. */
export type CelType =
  | "bool"
  | "double"
  | "dyn"
  | "int"
  | "null_type"
  | "string"
  | { readonly list: CelType }
  | { readonly key: CelType; readonly value: CelType };

export type ListType = Extract<CelType, { readonly list: CelType }>;
export type MapType = Extract<CelType, { readonly key: CelType }>;

export const isListType = (type: CelType): type is ListType => typeof type === "object" && "list" in type;
export const isMapType = (type: CelType): type is MapType => typeof type === "object" && "key" in type;

/** A type as CEL writes it: `list(string)`. */
export function typeText(type: CelType): string {
  if (isListType(type)) return `list(${typeText(type.list)})`;
  return isMapType(type) ? `map(${typeText(type.key)}, ${typeText(type.value)})` : type;
}

/**
 * The type that takes values of both; undefined where no value has both. `dyn` goes with each, and comes to `dyn`. Source:
 * cel-go, checker/types.go, internalIsAssignable and mostGeneral.
 */
export function joined(a: CelType, b: CelType): CelType | undefined {
  if (a === "dyn" || b === "dyn") return "dyn";
  if (isListType(a) && isListType(b)) {
    const list = joined(a.list, b.list);
    return list === undefined ? undefined : { list };
  }
  if (isMapType(a) && isMapType(b)) {
    const [key, value] = [joined(a.key, b.key), joined(a.value, b.value)];
    return key === undefined || value === undefined ? undefined : { key, value };
  }
  return a === b ? a : undefined;
}

/** The type of a literal's elements together: `dyn` where they are of several, or none (cel-go, checker.go, joinTypes). */
export function elementType([first, ...others]: readonly CelType[]): CelType {
  return others.reduce<CelType>((all, one) => joined(all, one) ?? "dyn", first ?? "dyn");
}
