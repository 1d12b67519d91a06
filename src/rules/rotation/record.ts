import { defined, isRecord, textOf } from "../../core/base/index.ts";

/** What is remembered of a key. Milliseconds since the epoch. */
export interface KeyRecord {
  readonly kid: string;
  /** Since when every API server verifies it and every family of addresses shows it, without a look that missed it. */
  readonly everywhereSince?: number;
  /** From when it may have signed. */
  readonly signsSince?: number;
  /** The first look at which no API server signed with it. */
  readonly retiredAt?: number;
  /** Since when it is distrusted. */
  readonly distrustedAt?: number;
}

/** How long the count of stale tokens of an API server has not changed. */
export interface QuietRecord {
  readonly server: string;
  readonly count: number;
  /** When the API server was started: its counter begins anew then. */
  readonly startedAt: number;
  readonly since: number;
}

/** A key whose private half is in no file of a machine, but encrypted in the age format. */
export interface SealedKey {
  /** PEM. */
  readonly publicKey: string;
  /** The file, in base64. */
  readonly file: string;
}

/** What a rotation has to remember between two runs, wherever they run. Everything else is read anew each time. */
export interface RotationRecord {
  readonly version: 1;
  /** The key that is to sign next. */
  readonly next?: string;
  /** Of the next key, where no machine has its private half. */
  readonly sealed?: SealedKey;
  /** The key that signed before, once a promotion has begun: what `abort` goes back to. */
  readonly before?: string;
  readonly keys: readonly KeyRecord[];
  readonly quiet: readonly QuietRecord[];
}

export const emptyRecord: RotationRecord = { version: 1, keys: [], quiet: [] };

// A cluster has a handful of keys; what holds more was not written by us.
const maxEntries = 200;

// An RSA key of 2048 bits for twenty recipients has 6,000 characters.
const maxSealed = 20_000;

function sealedOf(value: unknown): SealedKey | undefined {
  if (!isRecord(value)) return undefined;
  const publicKey = textOf(value["publicKey"]);
  const file = textOf(value["file"]);
  if (publicKey === undefined || file === undefined) return undefined;
  return publicKey.length + file.length > maxSealed ? undefined : { publicKey, file };
}

function times(value: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    names.flatMap((name) => (Number.isSafeInteger(value[name]) ? [[name, value[name] as number]] : [])),
  );
}

function entries<T>(list: unknown, read: (value: Readonly<Record<string, unknown>>) => T | undefined): T[] {
  const values: readonly unknown[] = Array.isArray(list) ? list.slice(0, maxEntries) : [];
  return values.filter(isRecord).flatMap((value) => read(value) ?? []);
}

function keyOf(value: Readonly<Record<string, unknown>>): KeyRecord | undefined {
  const kid = textOf(value["kid"]);
  if (kid === undefined) return undefined;
  return { kid, ...times(value, ["everywhereSince", "signsSince", "retiredAt", "distrustedAt"]) };
}

function quietOf(value: Readonly<Record<string, unknown>>): QuietRecord | undefined {
  const server = textOf(value["server"]);
  const { count, startedAt, since } = times(value, ["count", "startedAt", "since"]);
  if (server === undefined || count === undefined || startedAt === undefined || since === undefined)
    return undefined;
  return { server, count, startedAt, since };
}

function parsed(text: string, versions: readonly unknown[]): RotationRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || !versions.includes(value["version"])) return undefined;
  const named = defined({
    next: textOf(value["next"]),
    sealed: sealedOf(value["sealed"]),
    before: textOf(value["before"]),
  });
  return {
    version: 1,
    ...named,
    keys: entries(value["keys"], keyOf),
    quiet: entries(value["quiet"], quietOf),
  };
}

// Of the record for others to see: a podtrust that kept its record in that place refuses it.
const shownVersion = 2;

/** Reads the record that a podtrust kept which had it in one place; undefined for anything else, and for a later version. */
export function parseRecord(text: string): RotationRecord | undefined {
  return parsed(text, [1]);
}

/** Reads what is written for others to see, by this podtrust or by one of before; undefined for anything else. */
export function parseShownRecord(text: string): RotationRecord | undefined {
  return parsed(text, [1, shownVersion]);
}

/** The record for others to see: key IDs and times. */
export function shownRecordText({ sealed: _encrypted, ...record }: RotationRecord): string {
  return JSON.stringify({ ...record, version: shownVersion });
}

/**
 * A record that comes back after what it was about was lost. Nothing was observed since it was saved, so that every
 * time that is counted from a look begins anew with the next one: since when a key is everywhere, no longer signs, and
 * is no longer used.
 */
export function recordAfterLoss({ keys, ...record }: RotationRecord): RotationRecord {
  return {
    ...record,
    keys: keys.map(({ kid, signsSince }) => ({ kid, ...defined({ signsSince }) })),
    quiet: [],
  };
}

/** What is remembered of a key; no more than its name where nothing is. */
export function rememberedOf(record: RotationRecord, kid: string): KeyRecord {
  return record.keys.find((key) => key.kid === kid) ?? { kid };
}

/** The record with one key's entry changed. */
function withKey(record: RotationRecord, key: KeyRecord): RotationRecord {
  return { ...record, keys: [...record.keys.filter(({ kid }) => kid !== key.kid), key] };
}

/** Before a key is made known anywhere: it is to be the next one. */
export function recordNext(record: RotationRecord, kid: string, sealed?: SealedKey): RotationRecord {
  const { sealed: _former, ...rest } = withKey(record, { kid });
  return { ...rest, next: kid, ...defined({ sealed }) };
}

/** Whether a key is the next one, and its private half encrypted. */
export function isSealed({ next, sealed }: RotationRecord, kid: string): boolean {
  return sealed !== undefined && next === kid;
}

/**
 * Before the first API server gets the next key to sign with: from now on it may have signed, whatever happens to this
 * run. A promotion under way stays as it is.
 */
export function recordPromotion(
  record: RotationRecord,
  { next, before }: { readonly next: string; readonly before: string },
  now: number,
): RotationRecord {
  const key = rememberedOf(record, next);
  if (key.signsSince !== undefined) return record;
  return { ...withKey(record, { ...key, signsSince: now }), before };
}

/** After the next key was given up, or after the cluster has gone back to the key that signed before. */
export function recordEnd(record: RotationRecord, kid: string): RotationRecord {
  const { next, sealed: _given, before, ...rest } = record;
  return kid === next ? { ...rest, ...defined({ before }) } : rest;
}

/** After a theft: no key that ended is the next one, or what a rotation goes back to. */
export function recordTheft(record: RotationRecord, tainted: readonly string[]): RotationRecord {
  const { next = "", before = "" } = record;
  const { before: _former, ...rest } = record;
  const withoutBefore = tainted.includes(before) ? rest : record;
  return tainted.includes(next) ? recordEnd(withoutBefore, next) : withoutBefore;
}

/** Before a key is taken out of what is published: nothing goes back to it. */
export function recordWithdrawal(record: RotationRecord, kid: string, now: number): RotationRecord {
  const key = rememberedOf(record, kid);
  const { before, ...rest } = withKey(record, { ...key, distrustedAt: key.distrustedAt ?? now });
  return before === kid ? rest : { ...rest, ...defined({ before }) };
}
