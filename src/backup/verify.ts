import { asPodtrustError, PodtrustError } from "../core/base/index.ts";
import type { Config } from "../config/index.ts";
import { type IssuerRoute, readIssuer, servedDocuments } from "../issuer/index.ts";
import { type StateKeys, keysOfState, lostBy } from "../publisher/index.ts";
import { parseJwkSet } from "../rules/keys/index.ts";
import { type BackupContents, damaged } from "./archive/index.ts";
import { checkOwn, type KeptNow, keptIn } from "./publisher-file.ts";

/** What was compared, and what the backup lacks of it, in sentences. */
export interface Comparison {
  readonly with: string;
  readonly lacks: readonly string[];
}

/** The content of a publisher's backup, and how it compares with the present state. */
export interface Verified {
  readonly keys: StateKeys;
  readonly accounts: number;
  readonly certificates: number;
  readonly compared: readonly Comparison[];
  /** Why something could not be compared with, in sentences. */
  readonly notCompared: readonly string[];
}

export interface VerifyBackupOptions {
  readonly config: Config;
  /** Reads what the publisher keeps. */
  readonly readNow: () => Promise<KeptNow>;
  readonly contents: BackupContents;
  readonly route: IssuerRoute;
  readonly signal: AbortSignal;
}

/** Whether the documents of a backup can be read at all. Throws `backup-damaged`. */
function keysIn(contents: BackupContents): StateKeys {
  try {
    return keysOfState(keptIn(contents), contents.issuer);
  } catch (error) {
    if (error instanceof PodtrustError) throw error;
    throw damaged(`its documents cannot be read: ${String(error)}`);
  }
}

async function withPublished(keys: StateKeys, options: VerifyBackupOptions): Promise<Comparison | string> {
  const { config, route, signal } = options;
  const served = servedDocuments(await readIssuer(config.issuer, { route, signal }));
  if (!served.ok) return `What is published cannot be read: ${served.detail}`;
  const shown = parseJwkSet(served.jwks).keys.map(({ kid }) => kid);
  const { published, distrusted } = keys;
  return {
    with: `what ${config.issuer} publishes`,
    lacks: [
      ...shown.filter((kid) => !published.includes(kid)).map((kid) => `the key ${kid} is published since`),
      ...published.filter((kid) => !shown.includes(kid)).map((kid) => `the key ${kid} is published no more`),
      ...distrusted
        .filter((kid) => shown.includes(kid))
        .map((kid) => `the key ${kid} is distrusted in it, and published`),
    ],
  };
}

async function withStateNow({
  config,
  readNow,
  contents,
}: VerifyBackupOptions): Promise<Comparison | string> {
  let found: KeptNow;
  try {
    found = await readNow();
  } catch (error) {
    const { code, message } = asPodtrustError(error);
    // The identity may be where that machine is not in reach; what is published was compared with.
    if (!/^(?:ssh|host|machine)-/u.test(code)) throw error;
    return `The publisher's machine cannot be asked: ${message}.`;
  }
  const { kept, place } = found;
  if (kept.documents === undefined) return `There is no publisher's state in ${place} to compare with.`;
  return { with: `the state in ${place}`, lacks: await lostBy(keptIn(contents), kept, config.issuer) };
}

/**
 * Reads all that a backup of a publisher holds, and compares it with what is published, seen from here, and with the
 * publisher's state where that is here. Throws `backup-foreign`, `backup-damaged`.
 */
export async function verifyPublisher(options: VerifyBackupOptions): Promise<Verified> {
  const { config, contents } = options;
  checkOwn(config, contents);
  const keys = keysIn(contents);
  const { accounts, certificates } = keptIn(contents);
  const found = [await withPublished(keys, options), await withStateNow(options)];
  return {
    keys,
    accounts: accounts.length,
    certificates: certificates.length,
    compared: found.filter((one) => typeof one !== "string"),
    notCompared: found.filter((one) => typeof one === "string"),
  };
}
