import { defined, type JsonRecord, isRecord } from "../../../core/base/index.ts";
import { tried } from "../../judge/index.ts";
import type { PolicyDocument, PolicyKind } from "../language/document.ts";
import type { PolicyError } from "./error.ts";
import { identityDocument } from "./identity-document.ts";
import { jsonFault } from "./json-fault.ts";
import { onlyMembers, type PolicyPosition, refuse, syntaxText } from "./shape.ts";
import { trustDocument } from "./trust-document.ts";

/** The longest policy document that IAM's API takes at all, in characters. */
const maxDocument = 131_072;

function jsonOf(text: string, place: PolicyPosition): JsonRecord {
  let value: unknown;
  try {
    value = text.length > maxDocument ? undefined : JSON.parse(text);
  } catch {
    if (place.kind === "session") refuse(place, jsonFault(text) ?? syntaxText(place.kind));
  }
  if (isRecord(value)) return value;
  return refuse(place, place.kind === "trust" ? "This policy contains invalid Json" : syntaxText(place.kind));
}

const members = new Set(["Version", "Id", "Statement"]);

/**
 * Reads a policy document; throws `PolicyError` with the words of IAM, and nothing else, for what IAM would refuse.
 * Lists keep their order; a single value and a single statement become lists of one.
 *
 * @param partition that of the account that keeps the policy: `aws`. Resources are then of no other;
 * without it
 *   they may be of any of AWS's.
 */
export function parsePolicy(text: string, kind: PolicyKind, partition?: string): PolicyDocument {
  const place: PolicyPosition = { kind, at: "", partition };
  const raw = jsonOf(text, place);
  onlyMembers(raw, members, place);
  const id = raw["Id"];
  if (id !== undefined && typeof id !== "string") return refuse(place, syntaxText(kind));
  const read = kind === "trust" ? trustDocument : identityDocument;
  const { version, statements } = read(raw, place);
  return { version, ...defined({ id }), statements };
}

/** The same, with what IAM would say of a document that it does not take, in place of throwing it. */
export function readPolicy(text: string, kind: PolicyKind, partition?: string): PolicyDocument | PolicyError {
  // `parsePolicy` throws nothing else.
  return tried(() => parsePolicy(text, kind, partition)) as PolicyDocument | PolicyError;
}
