import { sameTagKey, tagValue } from "../../core/base/index.ts";
import {
  type Carried,
  type CarriedKeys,
  readComment,
  readLabels,
  type Tags,
  type LabelReader,
  wordsBeside,
  writeComment,
  writeLabels,
} from "./carriers.ts";

/** The format of what our tags promise; raised when an older podtrust must not touch what carries it. */
const currentFormat = 1;

/** Whose a thing is: a stack by its name, and by what tells it apart from another of that name. */
export interface StackOwner {
  readonly stack: string;
  /** 8 lower-case hex characters; empty for who knows a stack by its name alone (`namedStack`). */
  readonly identity: string;
}

/**
 * A stack, or what else a mark names, by its name alone: an operator's trust and bindings have no identity, and see any
 * stack of the name.
 */
export const namedStack = (stack: string): StackOwner => ({ stack, identity: "" });

/** The owner of a thing at a provider. */
export type Owner =
  /** `byName`: marked before there were identities, so that it gets ours with the next change. */
  | { readonly kind: "ours"; readonly byName?: true }
  | { readonly kind: "other-stack"; readonly stack: string }
  /** A stack of the same name: another config's. `wanted`: the identity that this config has. */
  | ({ readonly kind: "other-identity"; readonly wanted: string } & StackOwner)
  /** Ours by name, but written by a newer podtrust. */
  | { readonly kind: "newer-format"; readonly format: string }
  | { readonly kind: "untagged"; readonly looksLike: string };

/** Whether it is ours by a mark that has no identity yet. */
export const lacksIdentity = (owner: Owner | undefined): boolean =>
  owner?.kind === "ours" && owner.byName === true;

/** How ownership is marked on one kind of thing. */
export interface OwnershipForm<Carrier> {
  /** What marks a thing as a stack's. Set in the call that creates it. */
  of(owner: StackOwner): Carrier;
  /** The owner of a thing that carries this, as a stack sees it. */
  ownerOf(carrier: Carrier, stack: StackOwner): Owner;
}

// The marks of other tools. The first that fits is named, so the most specific ones come first.
const otherOwners: readonly { readonly key: RegExp; readonly says: (value: string) => string }[] = [
  { key: /^aws:cloudformation:stack-name$/u, says: (value) => `CloudFormation stack ${value}` },
  { key: /^(?:alpha\.)?eksctl\.(?:cluster\.k8s\.)?io\//u, says: (value) => `eksctl (${value})` },
  { key: /^pulumi:project$/iu, says: (value) => `Pulumi project ${value}` },
  { key: /^(?:aws:)?servicecatalog:/iu, says: (value) => `Service Catalog (${value})` },
  { key: /^kubernetes\.io\/cluster\//u, says: () => "a Kubernetes cluster's installer" },
  { key: /^(?:app\.kubernetes\.io\/)?managed[-_ ]?by$/iu, says: (value) => value },
  { key: /^terraform(?:[-_:].*)?$/iu, says: () => "Terraform" },
  { key: /^(?:created[-_ ]?by|owner|team)$/iu, says: (value) => value },
];

function looksLike(tags: Tags): string {
  for (const { key, says } of otherOwners) {
    const found = Object.entries(tags).find(([name]) => key.test(name));
    if (found !== undefined) return `${says(found[1])} (tag ${found[0]})`;
  }
  return "an unknown owner without tags (made by hand, or by a tool that does not tag)";
}

function ownerBy(
  { stack: tagged, identity, format }: Carried,
  { stack, identity: wanted }: StackOwner,
): Owner {
  if (tagged !== stack) return { kind: "other-stack", stack: tagged };
  const isCompared = wanted !== "";
  if (isCompared && identity !== "" && identity !== wanted)
    return { kind: "other-identity", stack, identity, wanted };
  // A missing or unreadable format was damaged by hand: still ours, and the diff repairs it.
  if (Number(format) > currentFormat) return { kind: "newer-format", format };
  return isCompared && identity === "" ? { kind: "ours", byName: true } : { kind: "ours" };
}

const own = ({ stack, identity }: StackOwner): Carried => ({
  stack,
  identity,
  format: String(currentFormat),
});

/** Which keys count as the same, and the value under one. */
interface KeyIdentity {
  readonly same: (one: string, other: string) => boolean;
  readonly valueOf: LabelReader;
}

const exactly: KeyIdentity = {
  same: (one, other) => one === other,
  valueOf: (labels, key) => labels[key],
};

/** The keys of the marks, by what stands between their two words. */
const keysWith = (between: string): CarriedKeys => ({
  stack: `podtrust${between}stack`,
  identity: `podtrust${between}identity`,
  format: `podtrust${between}format`,
});

interface LabelForm extends OwnershipForm<Tags> {
  /** Whether a key is one of those that mark ownership. */
  isOwn(key: string): boolean;
  /** The stack that is named; undefined where none is. */
  stackOf(carrier: Tags): string | undefined;
  /** Whether both are marked as the same stack's. */
  isSameOwner(one: Tags, other: Tags): boolean;
  /** The key whose value is the stack's name: for conditions and selectors. */
  readonly stackKey: string;
  /** The same of the stack's identity. */
  readonly identityKey: string;
}

function labelForm(
  keys: CarriedKeys,
  beside: Tags = {},
  { same, valueOf }: KeyIdentity = exactly,
): LabelForm {
  return {
    of: (owner) => ({ ...beside, ...writeLabels(keys, own(owner)) }),
    ownerOf(tags, stack) {
      const carried = readLabels(keys, tags, valueOf);
      return carried === undefined
        ? { kind: "untagged", looksLike: looksLike(tags) }
        : ownerBy(carried, stack);
    },
    isOwn: (key) => Object.values(keys).some((one) => same(key, one)),
    stackOf: (tags) => valueOf(tags, keys.stack),
    isSameOwner: (one, other) =>
      [keys.stack, keys.identity].every((key) => valueOf(one, key) === valueOf(other, key)),
    stackKey: keys.stack,
    identityKey: keys.identity,
  };
}

/** Tags of AWS, whose keys say the same whatever their case. */
export const awsTags = labelForm(keysWith(":"), {}, { same: sameTagKey, valueOf: tagValue });

/** Labels of Kubernetes objects: a key's prefix ends with a slash. */
export const kubernetesLabels = labelForm(keysWith("/"), { "app.kubernetes.io/managed-by": "podtrust" });

/**
 * Labels of clouds whose keys and values are 63 characters of letters, digits, `-`, `_` and `.`, with a letter or
 * digit at both ends; of lower case, since some know no other.
 */
export const cloudLabels = labelForm(keysWith("-"));

/**
 * Tags of Azure, whose keys say the same whatever their case, and have no slash ("Use tags to organize your Azure
 * resources", limitations).
 */
export const azureTags = labelForm(keysWith("-"), {}, { same: sameTagKey, valueOf: tagValue });

/** A comment of 100 characters at the most, for things that have neither tags nor labels. */
export const ownershipComment: OwnershipForm<string> = {
  of: (owner) => writeComment(own(owner)),
  ownerOf(text, stack) {
    const carried = readComment(text);
    if (carried !== undefined) return ownerBy(carried, stack);
    const said = text === "" ? "without a comment" : `with the comment ${JSON.stringify(text)}`;
    return { kind: "untagged", looksLike: `an unknown owner ${said}` };
  },
};

/** A comment for a file whose owner stands in another one: it stays as it is when that mark becomes another. */
export const stackRemark = (stack: string): string => ownershipComment.of(namedStack(stack));

/**
 * A comment with a stack's mark in it, of so many characters at the most. Other text beside our mark stays, where there is
 * room for both; beside another stack's it goes.
 */
export function markedComment(before: string, owner: StackOwner, most: number): string {
  const carried = readComment(before);
  const isOwn = carried?.stack === owner.stack;
  if (isOwn && carried.identity === owner.identity) return before;
  const mark = ownershipComment.of(owner);
  const both = `${mark} ${isOwn ? wordsBeside(before) : before}`.trimEnd();
  return (carried === undefined || isOwn) && both.length <= most ? both : mark;
}

/** The owner in words: `podtrust stack "dev"`, `Terraform (tag ManagedBy)`. */
export function ownerText(owner: Exclude<Owner, { kind: "ours" }>): string {
  if (owner.kind === "other-stack") return `podtrust stack "${owner.stack}"`;
  if (owner.kind === "other-identity")
    return `another podtrust stack "${owner.stack}" (identity ${owner.identity}; this config's is ${owner.wanted})`;
  if (owner.kind === "untagged") return owner.looksLike;
  return `a newer podtrust (its tags have format ${owner.format}, this one knows ${currentFormat})`;
}
