/** The format of what our marks promise; raised when an older podtrust must keep its hands off. */
const markFormat = 1;

/** The keys of our mark, wherever a provider keeps tags or labels. */
const markKeys = { stack: "podtrust:stack", format: "podtrust:format" } as const;

/** Tags as a plain record. */
export type Tags = Readonly<Record<string, string>>;

/** Whose a thing at a provider is. */
export type Owner =
  | { readonly kind: "ours" }
  | { readonly kind: "other-stack"; readonly stack: string }
  /** Ours by name, but written by a podtrust that knows more than this one. */
  | { readonly kind: "newer-format"; readonly format: string }
  | { readonly kind: "unmarked"; readonly looksLike: string };

/** The tags that mark a thing as belonging to a stack. */
export function marksOf(stack: string): Tags {
  return { [markKeys.stack]: stack, [markKeys.format]: String(markFormat) };
}

/** Whether a tag's key is one of our marks. */
export function isMark(key: string): boolean {
  return key === markKeys.stack || key === markKeys.format;
}

// The marks that other tools leave. The first that fits is named, so the most telling ones come first.
const strangers: readonly { readonly key: RegExp; readonly says: (value: string) => string }[] = [
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
  for (const { key, says } of strangers) {
    const found = Object.entries(tags).find(([name]) => key.test(name));
    if (found !== undefined) return `${says(found[1])} (tag ${found[0]})`;
  }
  return "somebody who left no mark (made by hand, or by a tool that does not tag)";
}

/** Whose a thing with these tags is, seen from `stack`. */
export function ownerOf(tags: Tags, stack: string): Owner {
  const marked = tags[markKeys.stack];
  if (marked === undefined) return { kind: "unmarked", looksLike: looksLike(tags) };
  if (marked !== stack) return { kind: "other-stack", stack: marked };
  const format = tags[markKeys.format] ?? "";
  // A missing or unreadable format was damaged by hand: still ours, and the diff repairs it.
  return Number(format) > markFormat ? { kind: "newer-format", format } : { kind: "ours" };
}

/** Whose it is, in words: `podtrust stack "dev"`, `Terraform (tag ManagedBy)`. */
export function ownerText(owner: Exclude<Owner, { kind: "ours" }>): string {
  if (owner.kind === "other-stack") return `podtrust stack "${owner.stack}"`;
  if (owner.kind === "unmarked") return owner.looksLike;
  return `a newer podtrust (mark format ${owner.format}, this one knows ${markFormat})`;
}
