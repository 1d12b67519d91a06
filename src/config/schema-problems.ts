import type { z } from "zod";
import { isRecord, nearest } from "../core/base/index.ts";
import { secretKind, secretName } from "../core/credentials/index.ts";
import type { ConfigDocument } from "./mistakes/document.ts";
import { type ConfigProblem, keyText, type KeyPath, valueText } from "./mistakes/problem.ts";
import { valueAt } from "./mistakes/rule.ts";
import { knownKeys, takesAnyKey } from "./mistakes/schema-walk.ts";
import { configSchema, plannedKeys } from "./schema.ts";

type Issue = z.core.$ZodIssue;

function hideSecret(key: string, value: unknown): unknown {
  const secret = typeof value === "string" && (secretName(key) || secretKind(value) !== undefined);
  return secret ? "(not repeated here)" : value;
}

/** A value as errors show it, without any secret in it. */
function shownValue(path: KeyPath, value: unknown): string {
  const key = path.findLast((part) => typeof part === "string") ?? "";
  const copy = JSON.parse(JSON.stringify({ [key]: value }, hideSecret)) as Record<string, unknown>;
  return valueText(copy[key]);
}

function missing(document: ConfigDocument, path: KeyPath, accepted: string): ConfigProblem {
  return { key: keyText(path), ...document.positionOf(path), message: "is missing", accepted };
}

function wrongValue(document: ConfigDocument, path: KeyPath, issue: Issue): ConfigProblem {
  const value = valueAt(document.value, path);
  const planned = plannedKeys[keyText(path)] ?? plannedUnder(path, value);
  const base = { key: keyText(path), ...document.positionOf(path) };
  if (planned !== undefined) return { ...base, message: planned };
  if (value === undefined) return missing(document, path, issue.message);
  const shown = shownValue(path, value);
  const withValue = { ...base, value: shown };
  // Checks of our own (the issuer's) say everything in one sentence.
  if (issue.code === "custom" && typeof issue.params?.["next"] === "string") {
    const message = issue.message.replace(/^issuer /u, "");
    return { ...withValue, message, next: issue.params["next"] };
  }
  const problem = { ...withValue, message: `${shown} is not accepted`, accepted: issue.message };
  const choices = issue.code === "invalid_value" ? issue.values.map(String) : [];
  const near = typeof value === "string" ? nearest(value, choices) : undefined;
  return near === undefined ? problem : { ...problem, nearest: near };
}

/** A planned key inside a value of a wrong type: `issuer: {zone: …}`. */
function plannedUnder(path: KeyPath, value: unknown): string | undefined {
  if (!isRecord(value)) return undefined;
  return Object.keys(value)
    .map((key) => plannedKeys[keyText([...path, key])])
    .find((text) => text !== undefined);
}

function unknownKey(document: ConfigDocument, path: KeyPath): ConfigProblem {
  const key = keyText(path);
  const position = document.positionOfKey(path);
  const planned = plannedKeys[key.replaceAll(/\[\d+\]/gu, "")];
  if (planned !== undefined) return { key, ...position, message: planned };
  const known = knownKeys(configSchema, path.slice(0, -1));
  const near = nearest(String(path.at(-1)), known);
  const problem = { key, ...position, message: "is not a key here", accepted: known.join(", ") };
  return near === undefined ? problem : { ...problem, nearest: near };
}

/**
 * How far a value is from one member of a union, by its own keys: unknown ones count most, then missing ones.
 * Mistakes further down say nothing about which member was meant.
 */
function farness(issues: readonly Issue[]): number {
  return issues
    .filter((issue) => issue.path.length <= 1)
    .reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? 10 * issue.keys.length : 1), 0);
}

function ofUnion(
  document: ConfigDocument,
  path: KeyPath,
  issue: z.core.$ZodIssueInvalidUnion,
): ConfigProblem[] {
  const value = valueAt(document.value, path);
  const known = knownKeys(configSchema, path);
  const recognised = isRecord(value) ? Object.keys(value).some((key) => known.includes(key)) : false;
  const [closest] = [...issue.errors].sort((a, b) => farness(a) - farness(b));
  if (recognised && closest !== undefined) return problemsOf(document, closest, path);
  const strange = isRecord(value) ? Object.keys(value).filter((key) => !known.includes(key)) : [];
  const unknowns = strange.map((key) => unknownKey(document, [...path, key]));
  // A key that is planned, or one that is only misspelt, says it all.
  const saying = unknowns.filter(
    (problem) => problem.nearest !== undefined || problem.accepted === undefined,
  );
  // Where any key is allowed, an unknown one is not a mistake of its own.
  const open = takesAnyKey(configSchema, path);
  if (saying.length > 0) return open ? saying : unknowns;
  return [...(open ? [] : unknowns), wrongValue(document, path, issue)];
}

function problemsOf(document: ConfigDocument, issues: readonly Issue[], base: KeyPath): ConfigProblem[] {
  return issues.flatMap((issue) => {
    const path: KeyPath = [...base, ...(issue.path as (string | number)[])];
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => unknownKey(document, [...path, key]));
    }
    if (issue.code === "invalid_union") return ofUnion(document, path, issue);
    if (issue.code !== "invalid_key") return [wrongValue(document, path, issue)];
    const accepted = issue.issues[0]?.message ?? issue.message;
    const position = document.positionOfKey(path);
    return [{ key: keyText(path), ...position, message: "is not a name that is accepted", accepted }];
  });
}

/** Everything in which a document differs from the schema. */
export function schemaProblems(document: ConfigDocument): readonly ConfigProblem[] {
  const result = configSchema.safeParse(document.value);
  return result.success ? [] : problemsOf(document, result.error.issues, []);
}
