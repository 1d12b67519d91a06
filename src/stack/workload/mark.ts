import type { KubernetesObject } from "../../kubernetes/index.ts";
import { marksOf, type Owner, ownerOf } from "../../plan/index.ts";

/** Our name among the field managers of server-side apply. */
export const fieldManager = "podtrust";

// A label's key knows no colon: podtrust:stack is podtrust/stack here.
const asLabel = (key: string): string => key.replace(":", "/");
const asTag = (key: string): string => key.replace(/^podtrust\//u, "podtrust:");

/** The labels that mark an object as belonging to a stack. */
export function labelsOf(stack: string): Readonly<Record<string, string>> {
  const marks = Object.entries(marksOf(stack)).map(([key, value]) => [asLabel(key), value] as const);
  return { "app.kubernetes.io/managed-by": "podtrust", ...Object.fromEntries(marks) };
}

/** Whose an object in the cluster is, seen from a stack. */
export function objectOwner({ metadata }: KubernetesObject, stack: string): Owner {
  const tags = Object.entries(metadata.labels ?? {}).map(([key, value]) => [asTag(key), value] as const);
  return ownerOf(Object.fromEntries(tags), stack);
}
