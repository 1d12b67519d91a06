import type { RecordType } from "../../../rules/dns/index.ts";
import { type Owner, ownershipComment, type StackOwner } from "../../../rules/plan/index.ts";

/**
 * The mark of ownership for records, which can carry neither comment nor tag: a TXT record beside them, one value for
 * each stack: `podtrust stack=prod format=1 id=3f2a91bc owns=A,AAAA`. Record and claim are written in one change, all or nothing.
 */
export const claimName = (name: string): string => `_podtrust.${name}`;

/** The name that a claim is about; undefined where the name is not that of a claim. */
export function claimedName(name: string): string | undefined {
  return name.startsWith("_podtrust.") ? name.slice("_podtrust.".length) : undefined;
}

/** The types that a value of a claim names. */
export function claimedTypes(value: string): readonly string[] {
  const word = value.split(" ").find((one) => one.startsWith("owns="));
  return word === undefined ? [] : word.slice("owns=".length).split(",");
}

const isOurs = (value: string, stack: StackOwner): boolean =>
  ownershipComment.ownerOf(value, stack).kind === "ours";

/** Whether a stack claims records of a type. */
export function isClaimed(values: readonly string[], type: string, stack: StackOwner): boolean {
  return values.some((value) => isOurs(value, stack) && claimedTypes(value).includes(type));
}

/** The owner of the records of a type, by the claims beside them. */
export function ownerBy(values: readonly string[], type: string, stack: StackOwner): Owner {
  const claiming = values.filter((value) => claimedTypes(value).includes(type));
  const counted = claiming.find((value) => isOurs(value, stack)) ?? claiming[0];
  if (counted !== undefined) return ownershipComment.ownerOf(counted, stack);
  return { kind: "untagged", looksLike: "an unknown owner without a TXT record of podtrust beside it" };
}

const claimOf = (stack: StackOwner, types: readonly string[]): string =>
  `${ownershipComment.of(stack)} owns=${[...types].sort().join(",")}`;

/** The claim of a stack to a name's records of these types, where it is the only one: the name and value of its TXT record. */
export function route53Claim(
  stack: StackOwner,
  name: string,
  types: readonly string[],
): { readonly name: string; readonly value: string } {
  return { name: claimName(name), value: claimOf(stack, types) };
}

/** The claims once a stack claims a type, or gives it up; other stacks' values stay. */
export function claimsWith(
  values: readonly string[],
  stack: StackOwner,
  type: RecordType,
  claims: boolean,
): readonly string[] {
  const others = values.filter((value) => !isOurs(value, stack));
  const types = new Set(values.filter((value) => isOurs(value, stack)).flatMap(claimedTypes));
  if (claims) types.add(type);
  else types.delete(type);
  if (types.size === 0) return others;
  return [...others, claimOf(stack, [...types])];
}
