import type { ServerKeys, Sight } from "./facts.ts";
import { isSealed, rememberedOf, type RotationRecord } from "./record.ts";

/** Why a key counts as the thief's. */
export type Taint =
  /** It is the one that was stolen. */
  | "stolen"
  /** Its private half lies unencrypted on a machine of the API servers, where the stolen one's lay. */
  | "beside"
  /** It signs, or signed, where a tainted key was verified: who held that one had tokens of this one made. */
  | "signed"
  /** No machine has its private half: nothing but what verifies or publishes it says whose it is. */
  | "unvouched";

export const taints: readonly Taint[] = ["stolen", "beside", "signed", "unvouched"];

/** A key that relying parties and API servers accept no more. */
export interface TaintedKey {
  readonly kid: string;
  readonly why: Taint;
}

/** Where keys are seen, and what is remembered of them. */
export interface KeySources {
  readonly servers: readonly ServerKeys[];
  readonly published: readonly Sight[];
  readonly record: RotationRecord;
}

function knownKeys({ servers, published }: KeySources): ReadonlySet<string> {
  return new Set([
    ...servers.flatMap(({ verifies, signs, files }) => [
      ...verifies,
      ...files.verify,
      ...files.privates,
      files.signing,
      ...(signs === undefined ? [] : [signs]),
    ]),
    ...published.flatMap(({ kids = [] }) => kids),
  ]);
}

/**
 * The next key, if the thief cannot have it: it is encrypted, lies on no machine and has signed nothing. Undefined where there is
 * none, or it is the stolen one.
 */
export function cleanNext({ servers, record }: KeySources, stolen: string): string | undefined {
  const { next } = record;
  if (next === undefined || next === stolen || !isSealed(record, next)) return undefined;
  const isHeld = servers.some(({ files }) => files.privates.includes(next));
  return isHeld || rememberedOf(record, next).signsSince !== undefined ? undefined : next;
}

/**
 * The keys that end with a stolen one, that one first; empty where nothing shows it. A thief who reaches an API server that verifies
 * a tainted key has it sign tokens with the key that signs there. So every key that is verified or published ends, but for
 * `fresh`, which was made for this, and a next key that is encrypted.
 */
export function taintedKeys(sources: KeySources, stolen: string, fresh?: string): readonly TaintedKey[] {
  const known = knownKeys(sources);
  if (!known.has(stolen)) return [];
  const clean = [fresh, cleanNext(sources, stolen)];
  const others = [...known].filter((kid) => kid !== stolen && !clean.includes(kid));
  return [stolen, ...others].map((kid) => ({ kid, why: taintOf(sources, kid, stolen) }));
}

/** A server at which keys are of use that should be of none. */
export interface TaintedServer {
  readonly name: string;
  readonly kids: readonly string[];
}

/** Servers that verify such a key, sign with it, or will after their next start. */
export function taintedAt(
  { servers }: Pick<KeySources, "servers">,
  kids: readonly string[],
): readonly TaintedServer[] {
  return servers.flatMap(({ name, verifies, signs, files }) => {
    const shown = new Set([...verifies, signs, ...files.verify, files.signing]);
    const found = kids.filter((kid) => shown.has(kid));
    return found.length === 0 ? [] : [{ name, kids: found }];
  });
}

function taintOf({ servers, record }: KeySources, kid: string, stolen: string): Taint {
  if (kid === stolen) return "stolen";
  if (servers.some(({ files }) => files.privates.includes(kid))) return "beside";
  const hasSigned =
    servers.some(({ signs }) => signs === kid) || rememberedOf(record, kid).signsSince !== undefined;
  return hasSigned ? "signed" : "unvouched";
}

const reasons: Readonly<Record<Taint, string>> = {
  stolen: "it was stolen",
  beside: "its private half lay on the machines where the stolen one's lay",
  signed: "it signed where the stolen one was verified, so that a thief had it sign for him",
  unvouched: "no machine has its private half, and so nothing says whose it is",
};

/** `KID ends: it was stolen.` */
export function taintText({ kid, why }: TaintedKey): string {
  return `${kid} ends: ${reasons[why]}.`;
}
