import { isRecord } from "../../core/base/index.ts";
import type { ConfigDocument } from "./document.ts";
import { type ConfigProblem, keyText, type KeyPath, valueText } from "./problem.ts";

/**
 * A rule about several keys. It reads raw data, so that it reports in the same run as the schema's mistakes elsewhere.
 */
export type ConfigRule = (document: ConfigDocument) => readonly ConfigProblem[];

/** The list at a path; empty where there is none. */
export function listAt(document: ConfigDocument, path: KeyPath): readonly unknown[] {
  const value = valueAt(document.value, path);
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** The paths of the items of a list; none where there is no list. */
export function itemsAt(document: ConfigDocument, path: KeyPath): readonly KeyPath[] {
  return listAt(document, path).map((_, index) => [...path, index]);
}

/** The value at a path of plain data. */
export function valueAt(root: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return value[Number(key)] as unknown;
    return isRecord(value) && Object.hasOwn(value, key) ? value[String(key)] : undefined;
  }, root);
}

/** The text at a path; undefined where there is none. */
export function textAt(document: ConfigDocument, path: KeyPath): string | undefined {
  const value = valueAt(document.value, path);
  return typeof value === "string" ? value : undefined;
}

/** The https URL at a path; undefined if there is none of that form. */
export function httpsUrlAt(document: ConfigDocument, path: KeyPath): string | undefined {
  const value = textAt(document, path);
  return value !== undefined && value.startsWith("https://") && URL.canParse(value) ? value : undefined;
}

/**
 * Sections whose values of these keys together are those of an earlier one, whatever their case; reported at
 * the first key.
 */
export function repeatedTogether(
  document: ConfigDocument,
  paths: readonly KeyPath[],
  keys: readonly string[],
): ConfigProblem[] {
  const first = new Map<string, KeyPath>();
  return paths.flatMap((path) => {
    const values = keys.map((key) => textAt(document, [...path, key]));
    if (values[0] === undefined) return [];
    const same = JSON.stringify(values).toLowerCase();
    const earlier = first.get(same);
    if (earlier === undefined) {
      first.set(same, path);
      return [];
    }
    const at: KeyPath = [...path, keys[0] ?? ""];
    const message = `has ${keys.join(", ")} of ${keyText(earlier)}`;
    const next = "Write one section of both.";
    return [{ key: keyText(at), ...document.positionOf(at), message, next }];
  });
}

/** Values that stand at more than one of these paths; with `fold` whatever their case. */
export function repeated(
  document: ConfigDocument,
  paths: readonly KeyPath[],
  fold: boolean,
): ConfigProblem[] {
  const first = new Map<string, KeyPath>();
  return paths.flatMap((path) => {
    const value = valueAt(document.value, path);
    if (typeof value !== "string") return [];
    const same = fold ? value.toLowerCase() : value;
    const earlier = first.get(same);
    if (earlier === undefined) {
      first.set(same, path);
      return [];
    }
    const message = `${valueText(value)} stands at ${keyText(earlier)} already`;
    return [{ key: keyText(path), ...document.positionOf(path), value: valueText(value), message }];
  });
}
