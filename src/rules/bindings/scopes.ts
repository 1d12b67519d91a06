import { recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { GrantRefusal } from "./grants/matching-grants.ts";
import { goneAnnotation } from "./names/index.ts";
import { checked } from "./schema/check.ts";
import type { ListField, ObjectField } from "./schema/field.ts";

/**
 * Where things of a trust's bindings stand, with the id by which a person names it: an account of AWS, a resource group
 * of Azure, a pool of Google.
 */
export interface TrustScope {
  /** In lower case. */
  readonly id: string;
}

/** What a trust says of scopes, beside those that its spec has. */
export interface OtherScopes<P extends TrustScope> {
  /** Those that the spec had, and that are not known to be empty: what stands there is cut, and nothing is granted there. */
  readonly leaving: readonly P[];
  /** Ids of those that a person says are gone: nothing there is asked for or waited for. */
  readonly gone: readonly string[];
}

/** As many as a trust may have, and as many again that leave it. */
const maxScopes = 100;

/** Scopes in the status of a trust: those of its spec, and those that leave it. `items`: what is needed to reach one. */
export const scopesField = (items: ObjectField): ListField => ({
  type: "array",
  items,
  maxItems: maxScopes,
  unique: "id",
  description: "Where bindings may have something: also what left the trust, until it is empty.",
});

/** Ids beyond this are not read: a trust has fewer scopes. */
const maxGone = 1000;

function calledGone({ metadata }: Readonly<Record<string, unknown>>): readonly string[] {
  const said = textOf(recordOf(recordOf(metadata)["annotations"])[goneAnnotation]) ?? "";
  const ids = said.split(",", maxGone).map((id) => id.trim().toLowerCase());
  return ids.filter((id) => id !== "");
}

/**
 * Which scopes leave a trust, and which are gone. A scope of the spec is gone only while the trust is being deleted: a
 * word that was left behind must not hide rights that were given later. `object`: the trust as it was read; `here`:
 * scopes of its spec; `items`: how its status has them.
 */
export function otherScopes<P extends TrustScope>(
  object: Readonly<Record<string, unknown>>,
  here: readonly P[],
  items: ObjectField,
): OtherScopes<P> {
  const isEnding = recordOf(object["metadata"])["deletionTimestamp"] !== undefined;
  const ofSpec = new Set(here.map(({ id }) => id));
  const gone = calledGone(object).filter((id) => isEnding || !ofSpec.has(id));
  const remembered = recordsOf(recordOf(object["status"])["scopes"]).flatMap((one): readonly P[] => {
    const read = checked(items, one, "status.scopes");
    return "value" in read ? [read.value as P] : [];
  });
  return { leaving: remembered.filter(({ id }) => !ofSpec.has(id) && !gone.includes(id)), gone };
}

/**
 * Why nothing is made in scopes of the spec: a person's word that one is gone still stands at the trust, and would let
 * it leave with what is made there now.
 */
export function goneRefusal(object: unknown, wanted: readonly TrustScope[]): GrantRefusal | undefined {
  const said = calledGone(recordOf(object));
  const gone = wanted.find(({ id }) => said.includes(id));
  if (gone === undefined) return undefined;
  const message = `the trust has ${gone.id}, and its annotation ${goneAnnotation} says that it is gone: nothing is made there until one of both is taken away`;
  return { reason: "ScopeGone", message };
}
