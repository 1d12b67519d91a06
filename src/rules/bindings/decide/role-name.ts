import { createHash } from "node:crypto";
import type { Binding, Trust } from "../objects/objects.ts";
import { defaultProfile } from "../names/index.ts";

// IAM's limit on a role's name.
const maxLength = 64;
const digestLength = 10;

/**
 * The name of the role that a binding's profile gets: `prod.shop.web`, or `prod.shop.web@reports`. Neither stacks nor
 * namespaces have a dot in them, and ServiceAccounts no `@`, so that no two are alike; one that is too long ends in a
 * digest of all of it.
 */
export function roleName(
  { stack }: Pick<Trust, "stack">,
  { namespace, name }: Pick<Binding, "namespace" | "name">,
  profile: string,
): string {
  const whole = `${stack}.${namespace}.${name}${profile === defaultProfile ? "" : `@${profile}`}`;
  if (whole.length <= maxLength) return whole;
  const digest = createHash("sha256").update(whole).digest("hex").slice(0, digestLength);
  return `${whole.slice(0, maxLength - digestLength - 1)}=${digest}`;
}

/**
 * What marks a role as a binding's, in place of a stack's name: `prod/shop/web`. So `up` of the stack prod does not
 * take it for its own, nor does one binding take it for another's.
 */
export function bindingMark(
  { stack }: Pick<Trust, "stack">,
  { namespace, name }: Pick<Binding, "namespace" | "name">,
): string {
  return `${stack}/${namespace}/${name}`;
}

/** Whether a mark is a binding's, of any stack; a stack's own has no slash. */
export const isBindingMark = (mark: string): boolean => mark.includes("/");

/** The binding of a mark; undefined for that of a stack, or of another stack's binding. */
export function markedBinding(
  { stack }: Pick<Trust, "stack">,
  mark: string,
): Pick<Binding, "namespace" | "name"> | undefined {
  const [of, namespace, name, ...rest] = mark.split("/");
  if (of !== stack || namespace === undefined || name === undefined || rest.length > 0) return undefined;
  return { namespace, name };
}
