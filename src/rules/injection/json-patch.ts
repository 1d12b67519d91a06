import { isRecord, type JsonRecord } from "../../core/base/index.ts";

/** An operation of a JSON Patch (RFC 6902); injection adds, and removes nothing. */
export interface AddOperation {
  readonly op: "add";
  /** A JSON Pointer (RFC 6901). */
  readonly path: string;
  readonly value: unknown;
}

const add = (path: string, value: unknown): AddOperation => ({ op: "add", path, value });

/** RFC 6901 §3. */
const token = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");

/** Members in front of a list, the last of them first: each is put before the one that stands there. */
function listPatch(before: readonly unknown[], after: readonly unknown[], path: string): AddOperation[] {
  const more = after.length - before.length;
  const isSame = (from: number): boolean => before.every((member, index) => member === after[index + from]);
  if (more > 0 && isSame(0)) return after.slice(before.length).map((member) => add(`${path}/-`, member));
  if (more > 0 && isSame(more))
    return after
      .slice(0, more)
      .toReversed()
      .map((member) => add(`${path}/0`, member));
  if (more !== 0) throw new TypeError(`${path} is another list: no patch that only adds makes it`);
  return before.flatMap((member, index) => patchOf(member, after[index], `${path}/${index}`));
}

function recordPatch(before: JsonRecord, after: JsonRecord, path: string): AddOperation[] {
  return Object.entries(after).flatMap(([name, value]) => {
    const place = `${path}/${token(name)}`;
    return Object.hasOwn(before, name) ? patchOf(before[name], value, place) : [add(place, value)];
  });
}

function patchOf(before: unknown, after: unknown, path: string): AddOperation[] {
  if (before === after) return [];
  if (Array.isArray(before) && Array.isArray(after)) return listPatch(before, after, path);
  if (isRecord(before) && isRecord(after)) return recordPatch(before, after, path);
  throw new TypeError(`${path} has another value: no patch that only adds makes it`);
}

/**
 * The patch that makes of a pod, as it was sent, what `inject` made of it: members that are added, one by one, so that
 * it writes no field of the pod that injection does not know. What `inject` left alone are the same objects in both.
 * Throws a TypeError where something was removed or replaced.
 */
export function injectionPatch(before: JsonRecord, after: JsonRecord): readonly AddOperation[] {
  return patchOf(before, after, "");
}
