import { createHash } from "node:crypto";
import type { Observed, Resource } from "./resource.ts";

function ordered(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A value as JSON with its members in a fixed order. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, ordered);
}

/** SHA-256 of a value's canonical JSON, in base64url. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("base64url");
}

/**
 * What was found of a resource, as a text that is the same for the same finding: its owner, and its state's
 * fingerprint.
 */
export function fingerprintOf<State>(
  resource: Pick<Resource<State>, "fingerprint">,
  observed: Observed<State>,
): string {
  if (!observed.exists) return "absent";
  return digestOf([observed.owner, resource.fingerprint(observed.state)]);
}
