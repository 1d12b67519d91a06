import { asPodtrustError } from "../../core/base/index.ts";
import type { KubernetesApi, KubernetesObject, ObjectQuery } from "../../providers/kubernetes/index.ts";
import type { Look } from "../judge/index.ts";

/** What every look at the cluster needs. */
export interface Looking {
  readonly api: KubernetesApi;
  readonly signal: AbortSignal;
}

/** Looks, and makes a fact of it whichever way it goes. Throws only the signal's reason. */
export async function look<T>(signal: AbortSignal, work: () => Promise<T>): Promise<Look<T>> {
  try {
    return { seen: await work() };
  } catch (thrown) {
    signal.throwIfAborted();
    return { unseen: asPodtrustError(thrown).message };
  }
}

/** Objects of a kind; in every namespace those of the whole cluster. */
export function listed(
  { api, signal }: Looking,
  query: Omit<ObjectQuery, "namespace"> & { readonly namespace?: string },
): Promise<readonly KubernetesObject[]> {
  return api.list({ namespace: "", ...query }, { signal });
}

/** A time of an object; undefined where it has none. */
export function timeOf(text: unknown): number | undefined {
  const at = typeof text === "string" ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** A number of an object, if it is one. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** A mapping's texts; what is no text is left out. */
export function textsIn(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** The namespace and name in NAMESPACE/NAME. */
export function namesIn(text: string): { readonly namespace: string; readonly name: string } {
  const [namespace = "", name = ""] = text.split("/");
  return { namespace, name };
}
