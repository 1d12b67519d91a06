import { PodtrustError } from "../../core/base/index.ts";
import type { Change, FieldChange, Observed, Work, StackOwner } from "../../rules/plan/index.ts";
import type { ApiCall } from "../../core/http/index.ts";
import type { GoogleApi } from "./api.ts";
import { googleError, isNotFound } from "./vendor.ts";
import { untilDone } from "./operations.ts";
import { settle } from "./settle.ts";
import { type GoogleResourceState, markedDescription, ownerOf } from "./shapes.ts";

/** A thing that may not exist, from its answer. Throws `gcp-*`. */
export async function readUnlessAbsent<T>(
  api: GoogleApi,
  call: Pick<ApiCall, "path" | "what">,
  shape: (value: unknown, what: string) => T,
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return shape(await api.read({ method: "GET", ...call }, signal), call.what);
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined;
    throw googleError(thrown, call.what);
  }
}

/** A pool or provider as a plan sees it, a deleted one too: its id is taken for 30 days. */
export function observedKept<T extends GoogleResourceState>(
  found: T | undefined,
  stack: StackOwner,
): Observed<T> {
  return found === undefined
    ? { exists: false }
    : { exists: true, state: found, owner: ownerOf(found, stack) };
}

/** The same on the way down, where what is deleted is gone. */
export function observedToDelete<T extends GoogleResourceState>(
  found: T | undefined,
  stack: StackOwner,
): Observed<T> {
  return observedKept(found?.state === "DELETED" ? undefined : found, stack);
}

/** The fields of a deleted thing that have to change first. */
export function stateFields({ state }: GoogleResourceState): readonly FieldChange[] {
  return state === "ACTIVE" ? [] : [{ field: "state", before: "DELETED", after: "ACTIVE" }];
}

/** The field of the mark, where a thing does not carry it. */
export function markFields({ description }: GoogleResourceState, stack: StackOwner): readonly FieldChange[] {
  const after = markedDescription(description, stack);
  return after === description ? [] : [{ field: "description", before: description, after }];
}

/** Makes one change, and waits until its operation has ended. */
export async function operate(
  api: GoogleApi,
  call: ApiCall,
  path: string,
  work: Pick<Work, "signal" | "waiting">,
): Promise<void> {
  const { signal } = work;
  const waiting = (reason: string, deadline: number): void => work.waiting(reason, deadline);
  const { what } = call;
  await untilDone(api, await api.write(call, signal, waiting), { path, what, signal, waiting });
}

/**
 * Keeps `apply` from what is not ours, and was not when the change was decided: between the plan and the write another
 * owner may have made it. What is taken over had another owner when it was decided.
 */
export function checkOwner<T extends GoogleResourceState>(
  found: T,
  change: Change<T>,
  stack: StackOwner,
): void {
  const { observed, resource } = change;
  const owner = ownerOf(found, stack);
  if (owner.kind === "ours") return;
  const isSame = observed.exists && observed.owner.kind === owner.kind && found.state === "ACTIVE";
  if (isSame) return;
  throw new PodtrustError("plan-changed", `${resource.id} has got another owner since the plan was made`, {
    detail: { id: resource.id, owner },
  });
}

/** What to do about an id with another owner. */
export function takenNext(kind: "pool" | "provider", id: string): string {
  const other = `${id.slice(0, 30)}-2`;
  return `Choose another id in the config, such as ${kind}: ${other}; the id of a deleted ${kind} stays taken for 30 days. One that is in use can be moved into this stack after looking at it: podtrust import ${kind}/${id}`;
}

/** Why a deleted thing with another owner is not taken over: it was deleted so that it lets no one in. */
export function deletedRefusal(
  { state, expires }: GoogleResourceState,
  owner: string,
  { id, kind }: { readonly id: string; readonly kind: "pool" | "provider" },
): PodtrustError | undefined {
  if (state === "ACTIVE" || owner === "ours") return undefined;
  const until = expires === "" ? "" : ` until ${expires}`;
  return new PodtrustError(
    "gcp-id-taken",
    `the ${kind} ${id} was deleted, is not this stack's, and keeps its id${until}`,
    {
      next: `Choose another id in the config, such as ${kind}: ${id.slice(0, 30)}-2.`,
      detail: { id, kind },
    },
  );
}

/** Deletes what is there and ours; what is deleted already is done. */
export function deleteKept<T extends GoogleResourceState>(
  api: GoogleApi,
  {
    read,
    path,
    what,
    stack,
  }: { read: (signal: AbortSignal) => Promise<T | undefined>; path: string; what: string; stack: StackOwner },
  work: Work,
): Promise<void> {
  return settle(api, work, async () => {
    const found = await read(work.signal);
    // One with a new owner stays.
    if (found === undefined || found.state === "DELETED" || ownerOf(found, stack).kind !== "ours")
      return undefined;
    return { what, make: () => operate(api, { method: "DELETE", path, what }, path, work) };
  });
}
