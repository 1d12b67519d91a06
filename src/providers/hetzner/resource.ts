import type { Link } from "../../core/base/index.ts";
import type { Change, FieldChange, Observed, Resource, Work } from "../../rules/plan/index.ts";
import { idOf, findThing, type Kind, observedThing, type ThingQuery } from "./find.ts";
import type { HetznerApi } from "./client.ts";
import { isNotFound } from "./failure.ts";
import { labelFields, markedLabels } from "./labels.ts";
import type { Thing } from "./shapes.ts";

/** The names of a thing of a stack's machine in selections and plans. */
export function hetznerNames(
  kind: Kind<Thing>["kind"],
  name: string,
): Pick<Resource, "id" | "kind" | "names" | "link"> {
  const link: Link = kind === "server" || kind === "ssh-key" ? "cluster" : "reachability";
  return { id: idOf({ kind }, name), kind, names: ["machine", "hetzner", `${kind}/${name}`], link };
}

/** What the resources of all kinds have in common: their names, and how they are found. */
export function commonOf<T extends Thing>(
  api: HetznerApi,
  kind: Kind<T>,
  desired: ThingQuery<T>,
): Pick<Resource<T>, "id" | "kind" | "names" | "link" | "ifTaken" | "read"> {
  return {
    ...hetznerNames(kind.kind, desired.name),
    ifTaken: `Rename the ${kind.kind} in Hetzner's console, choose another name for the stack, or take it over after looking at it: podtrust import ${kind.kind}/${desired.name}`,
    async read(signal) {
      return observedThing(await findThing(api, kind, desired, signal), desired);
    },
  };
}

/** The fields that every thing has: its name and our labels. */
export function commonFields({ name, labels }: Thing, desired: ThingQuery<never>): readonly FieldChange[] {
  const renamed = name === desired.name ? [] : [{ field: "name", before: name, after: desired.name }];
  return [...renamed, ...labelFields(desired, labels, desired.labels)];
}

/** Sets name, labels and what else a PUT takes, where one of them differs. */
export async function putCommon<T extends Thing>(
  api: HetznerApi,
  kind: Kind<T>,
  {
    before,
    desired,
    more = {},
  }: { before: T; desired: ThingQuery<T>; more?: Readonly<Record<string, unknown>> },
  signal: AbortSignal,
): Promise<void> {
  if (commonFields(before, desired).length === 0 && Object.keys(more).length === 0) return;
  const body = {
    name: desired.name,
    labels: markedLabels(desired, before.labels, desired.labels),
    ...more,
  };
  const during = `changing ${kind.kind} ${desired.name}`;
  await api.change({ method: "PUT", path: `${kind.path}/${before.id}`, body, during }, signal);
}

/** The state that `apply` was given, of something that existed when it was read. */
export function stateOf<T>(observed: Observed<T>): T | undefined {
  return observed.exists ? observed.state : undefined;
}

/** What `apply` changes: nothing where it is made, or made anew. */
export function stateToUpdate<T>({ kind, observed }: Pick<Change<T>, "kind" | "observed">): T | undefined {
  return kind === "update" ? stateOf(observed) : undefined;
}

/** Deletes by id; that it is gone already is success. */
export async function removeById(
  api: HetznerApi,
  kind: Kind<Thing>,
  { id, name }: Thing,
  { signal }: Pick<Work, "signal">,
): Promise<void> {
  const during = `deleting ${kind.kind} ${name}`;
  try {
    await api.change({ method: "DELETE", path: `${kind.path}/${id}`, during }, signal);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
