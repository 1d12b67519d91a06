import { sameTagKey, tagValue } from "../../core/base/index.ts";
import {
  type Carried,
  readComment,
  readLabels,
  type Tags,
  type LabelReader,
  writeComment,
  writeLabels,
} from "./carriers.ts";

/** The format of what our tags promise; raised when an older podtrust must not touch what carries it. */
const currentFormat = 1;

/** The owner of a thing at a provider. */
export type Owner =
  | { readonly kind: "ours" }
  | { readonly kind: "other-stack"; readonly stack: string }
  /** Ours by name, but written by a newer podtrust. */
  | { readonly kind: "newer-format"; readonly format: string }
  | { readonly kind: "untagged"; readonly looksLike: string };

/** How ownership is marked on one kind of thing. */
export interface OwnershipForm<Carrier> {
  /** What marks a thing as a stack's. Set in the call that creates it. */
  of(stack: string): Carrier;
  /** The owner of a thing that carries this, as `stack` sees it. */
  ownerOf(carrier: Carrier, stack: string): Owner;
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

function ownerBy({ stack: tagged, format }: Carried, stack: string): Owner {
  if (tagged !== stack) return { kind: "other-stack", stack: tagged };
  // A missing or unreadable format was damaged by hand: still ours, and the diff repairs it.
  return Number(format) > currentFormat ? { kind: "newer-format", format } : { kind: "ours" };
}

const own = (stack: string): Carried => ({ stack, format: String(currentFormat) });

/** Which keys count as the same, and the value under one. */
interface KeyIdentity {
  readonly same: (one: string, other: string) => boolean;
  readonly valueOf: LabelReader;
}

const exactly: KeyIdentity = {
  same: (one, other) => one === other,
  valueOf: (labels, key) => labels[key],
};

interface LabelForm extends OwnershipForm<Tags> {
  /** Whether a key is one of those that mark ownership. */
  isOwn(key: string): boolean;
  /** The stack that is named; undefined where none is. */
  stackOf(carrier: Tags): string | undefined;
  /** The key whose value is the stack's name: for conditions and selectors. */
  readonly stackKey: string;
}

function labelForm(
  keys: { readonly stack: string; readonly format: string },
  beside: Tags = {},
  { same, valueOf }: KeyIdentity = exactly,
): LabelForm {
  return {
    of: (stack) => ({ ...beside, ...writeLabels(keys, own(stack)) }),
    ownerOf(tags, stack) {
      const carried = readLabels(keys, tags, valueOf);
      return carried === undefined
        ? { kind: "untagged", looksLike: looksLike(tags) }
        : ownerBy(carried, stack);
    },
    isOwn: (key) => same(key, keys.stack) || same(key, keys.format),
    stackOf: (tags) => valueOf(tags, keys.stack),
    stackKey: keys.stack,
  };
}

/** Tags of AWS, whose keys say the same whatever their case. */
export const awsTags = labelForm(
  { stack: "podtrust:stack", format: "podtrust:format" },
  {},
  { same: sameTagKey, valueOf: tagValue },
);

/** Labels of Kubernetes objects: a key's prefix ends with a slash. */
export const kubernetesLabels = labelForm(
  { stack: "podtrust/stack", format: "podtrust/format" },
  { "app.kubernetes.io/managed-by": "podtrust" },
);

/**
 * Labels of clouds whose keys and values are 63 characters of letters, digits, `-`, `_` and `.`, with a letter or
 * digit at both ends; of lower case, since some know no other.
 */
export const cloudLabels = labelForm({ stack: "podtrust-stack", format: "podtrust-format" });

/**
 * Tags of Azure, whose keys say the same whatever their case, and have no slash ("Use tags to organize your Azure
 * resources", limitations).
 */
export const azureTags = labelForm(
  { stack: "podtrust-stack", format: "podtrust-format" },
  {},
  { same: sameTagKey, valueOf: tagValue },
);

/** A comment of 100 characters at the most, for things that have neither tags nor labels. */
export const ownershipComment: OwnershipForm<string> = {
  of: (stack) => writeComment(own(stack)),
  ownerOf(text, stack) {
    const carried = readComment(text);
    if (carried !== undefined) return ownerBy(carried, stack);
    const said = text === "" ? "without a comment" : `with the comment ${JSON.stringify(text)}`;
    return { kind: "untagged", looksLike: `an unknown owner ${said}` };
  },
};

/** The owner in words: `podtrust stack "dev"`, `Terraform (tag ManagedBy)`. */
export function ownerText(owner: Exclude<Owner, { kind: "ours" }>): string {
  if (owner.kind === "other-stack") return `podtrust stack "${owner.stack}"`;
  if (owner.kind === "untagged") return owner.looksLike;
  return `a newer podtrust (its tags have format ${owner.format}, this one knows ${currentFormat})`;
}
