import type { Shape } from "../wire/value.ts";
import { validationError } from "./errors.ts";

/** Parameters of a list operation. */
export interface PageParams {
  readonly Marker: string | undefined;
  readonly MaxItems: number | undefined;
}

/** One page of a list, and the pagination members of its answer. */
export interface PageOf<T> {
  readonly items: readonly T[];
  readonly paging: Shape;
}

function readMarker(marker: string): string {
  const text = Buffer.from(marker, "base64url").toString("utf8");
  if (!text.startsWith("after:")) throw validationError("Invalid Marker.");
  return text.slice("after:".length);
}

/**
 * Cuts a list into pages of 100, or of MaxItems. A marker names the last returned item, so that items added or deleted
 * between two pages shift nothing.
 *
 * @param all in the order in which they are listed, by `keyOf`
 */
export function pageOf<T>(all: readonly T[], keyOf: (item: T) => string, params: PageParams): PageOf<T> {
  const after = params.Marker === undefined ? undefined : readMarker(params.Marker);
  const rest = after === undefined ? all : all.filter((item) => keyOf(item) > after);
  const items = rest.slice(0, params.MaxItems ?? 100);
  const last = items.at(-1);
  const more = rest.length > items.length && last !== undefined;
  const marker = more ? Buffer.from(`after:${keyOf(last)}`).toString("base64url") : undefined;
  return { items, paging: { IsTruncated: more, Marker: marker } };
}

/** Sorts by key, by code unit, as `pageOf` compares. */
export function sortedBy<T>(all: readonly T[], keyOf: (item: T) => string): T[] {
  return [...all].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : Number(keyOf(a) > keyOf(b))));
}
