import { refuseSeed, refuseUnknownMember } from "../../errors/index.ts";
import { isRecord, isTexts } from "../../../core/base/index.ts";
import type { Seed, SeedParameter, SeedProvider, SeedRole } from "./seed.ts";

type ValueTest = (value: unknown) => boolean;

/** A key with a known form. */
interface Key {
  readonly is: ValueTest;
  /** What it should be: `a text`. */
  readonly form: string;
}

const documents: ValueTest = (value) => typeof value === "string" || isRecord(value);

const text: Key = { is: (value) => typeof value === "string", form: "a text" };
const list: Key = { is: isTexts, form: "a list of texts" };
const seconds: Key = { is: Number.isInteger, form: "a whole number of seconds" };
const policy: Key = { is: documents, form: "a policy, as an object or its JSON" };
const policies: Key = {
  is: (value) => isRecord(value) && Object.values(value).every(documents),
  form: "policies by name, each as an object or its JSON",
};

// AWS's operations check required members and lengths; this lists only those of another form.
const keys = {
  providers: { url: text, audiences: list, thumbprints: list } satisfies Record<keyof SeedProvider, Key>,
  roles: {
    name: text,
    trustPolicy: policy,
    inline: policies,
    policies: list,
    path: text,
    maxSession: seconds,
    boundary: text,
  } satisfies Record<keyof SeedRole, Key>,
  parameters: { name: text, value: text, type: text, region: text } satisfies Record<
    keyof SeedParameter,
    Key
  >,
} satisfies Record<keyof Seed, Record<string, Key>>;

/** The name of a resource in the account. */
const identity = { providers: "url", roles: "name", parameters: "name" } as const;

function checkPiece(part: keyof Seed, piece: unknown, index: number): void {
  const where = `${part}[${index}]`;
  if (!isRecord(piece)) return refuseSeed(`${where} is not an object`);
  const forms: Record<string, Key> = keys[part];
  refuseUnknownMember(piece, Object.keys(forms), where);
  if (piece[identity[part]] === undefined) refuseSeed(`${where} has no ${identity[part]}`);
  if (part === "roles" && piece["trustPolicy"] === undefined) refuseSeed(`${where} has no trustPolicy`);
  if (part === "parameters" && piece["value"] === undefined) refuseSeed(`${where} has no value`);
  for (const [key, { is, form }] of Object.entries(forms)) {
    if (piece[key] !== undefined && !is(piece[key])) refuseSeed(`${where}.${key} is not ${form}`);
  }
  return undefined;
}

/** Reads a seed of unknown form, from tests or the control API. Throws `sandbox-seed`. */
export function readSeed(value: unknown): Seed {
  if (!isRecord(value)) return refuseSeed("a seed is an object");
  const parts = Object.keys(keys) as (keyof Seed)[];
  refuseUnknownMember(value, parts, "a seed");
  for (const part of parts) {
    const pieces = value[part] ?? [];
    if (!Array.isArray(pieces)) return refuseSeed(`${part} is not a list`);
    for (const [index, piece] of pieces.entries()) checkPiece(part, piece, index);
  }
  return value;
}
