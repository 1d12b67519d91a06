import { refuseSeed, refuseUnknownMember } from "../errors/index.ts";
import { isRecord } from "../../core/base/index.ts";
import type { AzureSeed, SeedCredential } from "./seed.ts";

/** The required form of a member of a seed's piece. */
interface Member {
  readonly is: (value: unknown) => boolean;
  readonly form: string;
  readonly isNeeded?: true;
}

type Members = Readonly<Record<string, Member>>;

const isText = (value: unknown): boolean => typeof value === "string";
const text = { is: isText, form: "a text" };
const name = { ...text, isNeeded: true } as const;
const texts = {
  is: (value: unknown) => Array.isArray(value) && value.every(isText),
  form: "a list of texts",
};
const tags = {
  is: (value: unknown) => isRecord(value) && Object.values(value).every(isText),
  form: "an object of texts",
};

const credential: Members = { name, issuer: name, subject: name, audience: text } satisfies Record<
  keyof SeedCredential,
  Member
>;

function check(value: unknown, members: Members, where: string): void {
  if (!isRecord(value)) return refuseSeed(`${where} is not an object`);
  refuseUnknownMember(value, Object.keys(members), where);
  for (const [key, { is, form, isNeeded }] of Object.entries(members)) {
    const given = value[key];
    if (given === undefined && isNeeded === true) refuseSeed(`${where} has no ${key}`);
    if (given !== undefined && !is(given)) refuseSeed(`${where}.${key} is not ${form}`);
  }
  return undefined;
}

const credentials = { is: Array.isArray, form: "a list" };

const parts = {
  identities: { name, resourceGroup: text, location: text, tags, credentials },
  applications: { name, credentials },
  secrets: { vault: name, name, value: name, readers: texts },
} as const satisfies Record<keyof AzureSeed, Members>;

/** Reads a seed of unknown form, from tests or the control API. Throws `sandbox-seed`. */
export function readSeed(value: unknown): AzureSeed {
  if (!isRecord(value)) return refuseSeed("a seed is an object");
  refuseUnknownMember(value, Object.keys(parts), "a seed of Azure");
  for (const [part, members] of Object.entries(parts)) {
    const pieces = value[part] ?? [];
    if (!Array.isArray(pieces)) return refuseSeed(`${part} is not a list`);
    for (const [index, piece] of pieces.entries() as IterableIterator<[number, unknown]>) {
      const where = `${part}[${index}]`;
      check(piece, members, where);
      const below: unknown = isRecord(piece) ? piece["credentials"] : undefined;
      if (!Array.isArray(below)) continue;
      for (const [at, one] of below.entries() as IterableIterator<[number, unknown]>)
        check(one, credential, `${where}.credentials[${at}]`);
    }
  }
  return value;
}
