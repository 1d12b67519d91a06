import { randomInt } from "node:crypto";
import {
  type Clock,
  defined,
  errorText,
  PodtrustError,
  retry,
  type RetrySchedule,
} from "../../core/base/index.ts";
import { type DocumentName, parseDiscovery, renderDiscovery } from "../../rules/oidc/index.ts";
import { parseJwkSet, type PublicJwk, renderJwkSet } from "../../rules/keys/index.ts";
import { mediaTypes } from "../serving/site.ts";
import type { PublishedUrls } from "../source/judge.ts";
import { type Marks, parseMarks, renderMarks } from "./marks.ts";
import { type Merged, mergePublication, type OwnKeys } from "./merge.ts";
import type { DocumentTarget, DocumentToWrite, StoredDocument } from "../targets/documents.ts";

/** What is to be published. */
export interface PublicationSpec extends OwnKeys {
  readonly names: PublishedUrls;
  readonly cacheControl: string;
  /** False: changed marks alone, which no relying party sees, are not worth a write now. */
  readonly marksDue: boolean;
}

export interface PublicationOutcome {
  /** What was written, in order; empty if all of it was there. */
  readonly written: readonly DocumentName[];
  readonly keys: readonly PublicJwk[];
  /** How often another publisher wrote between our reading and writing. */
  readonly conflicts: number;
  /** Sentences about things that work but should be fixed. */
  readonly warnings: readonly string[];
}

export interface PublicationDeps {
  readonly target: DocumentTarget;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

interface StoredDocuments {
  readonly discovery: StoredDocument | undefined;
  readonly jwks: StoredDocument | undefined;
}

class Conflict extends Error {}

// The loser of a race reads again and writes the merged result.
const retries: RetrySchedule = {
  name: "another publisher writes at the same time",
  delays: [50, 100, 200, 400, 800, 1600],
  giveUpAfter: 20_000,
};

function checkIssuer(place: string, names: PublishedUrls, found: StoredDocuments): readonly string[] {
  if (found.discovery === undefined) return [];
  let standing: ReturnType<typeof parseDiscovery>;
  try {
    standing = parseDiscovery(found.discovery.text);
  } catch (error) {
    return [`What stood in ${place} in place of the discovery document was none: ${errorText(error)}.`];
  }
  if (standing.issuer !== names.issuer) {
    throw new PodtrustError(
      "publication-foreign",
      `${place} holds the documents of ${standing.issuer}, not of ${names.issuer}`,
      { detail: { place, found: standing.issuer, expected: names.issuer } },
    );
  }
  if (standing.jwksUri === names.jwksUri) return [];
  return [`${place} named ${standing.jwksUri} as jwks_uri: publishers of one issuer have to agree on it.`];
}

interface Read {
  readonly keys: readonly PublicJwk[];
  readonly marks: Marks;
  readonly warnings: readonly string[];
}

function readStanding(place: string, jwks: StoredDocument | undefined): Read {
  if (jwks === undefined) return { keys: [], marks: new Map(), warnings: [] };
  const marks = parseMarks(jwks.note);
  const warnings =
    marks === undefined
      ? [
          `What publishers recorded for each other in ${place} cannot be read: of its keys those stay that this publisher knows.`,
        ]
      : [];
  try {
    return { keys: parseJwkSet(jwks.text).keys, marks: marks ?? new Map(), warnings };
  } catch (error) {
    const sentence = `The JWK Set that stood in ${place} was none and is replaced: ${errorText(error)}.`;
    return { keys: [], marks: marks ?? new Map(), warnings: [...warnings, sentence] };
  }
}

const distrustedOf = (marks: Marks | undefined): string =>
  [...(marks ?? [])]
    .flatMap(([, of]) => [...of].filter(([, mark]) => mark.distrustedAt !== undefined).map(([tag]) => tag))
    .sort()
    .join();

function differs(standing: StoredDocument | undefined, wanted: DocumentToWrite): boolean {
  return (
    standing === undefined ||
    standing.text !== wanted.text ||
    standing.mediaType !== wanted.mediaType ||
    standing.cacheControl !== wanted.cacheControl
  );
}

function isDue(standing: StoredDocument | undefined, wanted: DocumentToWrite, marksDue: boolean): boolean {
  if (differs(standing, wanted)) return true;
  if (standing?.note === wanted.note) return false;
  return marksDue || distrustedOf(parseMarks(standing?.note)) !== distrustedOf(parseMarks(wanted.note));
}

function documentsOf(spec: PublicationSpec, merged: Merged, place: string) {
  const { names, cacheControl } = spec;
  const { keys } = merged;
  if (keys.length === 0) {
    throw new PodtrustError(
      "publication-empty",
      `every key is distrusted: ${place} would hold an empty JWK Set`,
    );
  }
  const note = renderMarks(merged.marks, spec.stack);
  if (note === undefined)
    throw new PodtrustError("publication-full", `${place} holds more keys than can be kept track of`);
  const discovery: DocumentToWrite = {
    text: renderDiscovery({ ...names, algorithms: keys.map((key) => key.alg) }),
    mediaType: mediaTypes.discovery,
    cacheControl,
  };
  const jwks: DocumentToWrite = { text: renderJwkSet(keys), mediaType: mediaTypes.jwks, cacheControl, note };
  return { discovery, jwks };
}

async function attempt(
  spec: PublicationSpec,
  { target, signal }: PublicationDeps,
  written: Set<DocumentName>,
) {
  const { place } = target;
  // One after the other: the set is then merged from a state at least as new as the discovery document.
  const discovery = await target.read("discovery", signal);
  const jwks = await target.read("jwks", signal);
  const differences = checkIssuer(place, spec.names, { discovery, jwks });
  const standing = readStanding(place, jwks);
  const merged = mergePublication(standing, spec);
  const wanted = documentsOf(spec, merged, place);
  const put = async (name: DocumentName, before: StoredDocument | undefined): Promise<void> => {
    const outcome = await target.write(name, wanted[name], before, signal);
    if (outcome === "conflict") throw new Conflict(`${name} was written by another publisher`);
    written.add(name);
  };
  // The set first: a discovery document never names an algorithm, or a set, that does not exist yet.
  if (isDue(jwks, wanted.jwks, spec.marksDue)) await put("jwks", jwks);
  if (differs(discovery, wanted.discovery)) await put("discovery", discovery);
  return { keys: merged.keys, warnings: [...differences, ...standing.warnings, ...merged.warnings] };
}

/**
 * Reads a target, merges, and writes what differs, JWK Set before discovery document; starts over if another publisher
 * was faster. Throws `publication-foreign`, `publication-empty`, `publication-full`, `publication-conflict`, and what
 * the target throws.
 */
export async function publishTo(
  spec: () => PublicationSpec,
  deps: PublicationDeps,
): Promise<PublicationOutcome> {
  let conflicts = 0;
  const written = new Set<DocumentName>();
  const { clock, signal } = deps;
  try {
    const done = await retry(
      async () => {
        if (conflicts > 0) await clock.sleep(randomInt(0, 50), signal);
        return attempt(spec(), deps, written);
      },
      {
        schedule: retries,
        clock,
        retryable: (error) => error instanceof Conflict,
        onRetry: () => (conflicts += 1),
        ...defined({ signal }),
      },
    );
    return { ...done, written: [...written], conflicts };
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    const sentence = `other publishers kept writing into ${deps.target.place} for ${retries.giveUpAfter / 1000} seconds`;
    throw new PodtrustError("publication-conflict", sentence, { cause: error });
  }
}
