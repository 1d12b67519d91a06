import { type JsonRecord, isRecord } from "../../../core/base/index.ts";
import { parseOperator } from "../condition/operator.ts";
import type { Condition, PolicyKind, PrincipalType, Principals } from "../language/document.ts";
import { PolicyError } from "./error.ts";

/** Where in a document we are, and IAM's words for bad syntax there. */
export interface PolicyPosition {
  readonly kind: PolicyKind;
  /** `statement 2`; empty for the document itself. */
  readonly at: string;
  /** Of the account that is to keep the policy; undefined: it is not known. */
  readonly partition?: string | undefined;
}

/** Throws IAM's error for this place. */
export function refuse(place: PolicyPosition, awsMessage: string): never {
  throw new PolicyError(place.kind, awsMessage, place.at);
}

/** IAM's words for a shape that no policy has; role trust policies are read by another parser than the rest. */
export function syntaxText(kind: PolicyKind): string {
  return kind === "trust" ? "Syntax error in policy." : "Syntax errors in policy.";
}

/** A text, or a list of texts; undefined when the member is absent. */
export function textsOf(value: unknown, place: PolicyPosition): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!list.every((one) => typeof one === "string")) refuse(place, syntaxText(place.kind));
  return list;
}

/**
 * The texts of Resource or NotResource, where IAM passes over a null in the list, as templates leave one behind
 * (github.com/getmoto/moto, issue 9715).
 */
export function resourcesOf(value: unknown, place: PolicyPosition): readonly string[] | undefined {
  return textsOf(Array.isArray(value) ? value.filter((one) => one !== null) : value, place);
}

/** Refuses members that the grammar does not have. */
export function onlyMembers(raw: JsonRecord, members: ReadonlySet<string>, place: PolicyPosition): void {
  if (!Object.keys(raw).every((name) => members.has(name))) refuse(place, syntaxText(place.kind));
}

function conditionValues(value: unknown, place: PolicyPosition): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  // IAM takes numbers and truth values without quotes and keeps them as texts.
  if (!list.every((one) => ["string", "number", "boolean"].includes(typeof one))) {
    refuse(place, syntaxText(place.kind));
  }
  return list.map(String);
}

/** Reads a Condition block: operator → key → values. */
export function conditionsOf(value: unknown, place: PolicyPosition): readonly Condition[] {
  if (value === undefined) return [];
  if (!isRecord(value)) return refuse(place, syntaxText(place.kind));
  return Object.entries(value).flatMap(([operator, keys]) => {
    if (!isRecord(keys)) return refuse(place, syntaxText(place.kind));
    // IAM looks at an operator only where it has something to compare.
    const needed = place.kind === "trust" || Object.keys(keys).length > 0;
    if (needed && parseOperator(operator) === undefined) return refuse(place, syntaxText(place.kind));
    return Object.entries(keys).map(([key, values]) => ({
      operator,
      key,
      values: conditionValues(values, place),
    }));
  });
}

const principalTypes: ReadonlySet<string> = new Set(["AWS", "Federated", "Service", "CanonicalUser"]);

/** Reads Principal or NotPrincipal that is there: `"*"`, or an object of texts. */
export function principalsOf(value: unknown, place: PolicyPosition): Principals {
  if (value === "*") return { "*": ["*"] };
  if (typeof value === "string") return refuse(place, "Principal must be a JSON object.");
  if (!isRecord(value)) return refuse(place, syntaxText(place.kind));
  const found: Partial<Record<PrincipalType, readonly string[]>> = {};
  for (const [type, values] of Object.entries(value)) {
    if (!principalTypes.has(type)) refuse(place, `Invalid principal in policy: ${JSON.stringify(type)}`);
    found[type as PrincipalType] = textsOf(values, place) as readonly string[];
  }
  return found;
}
