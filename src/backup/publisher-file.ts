import { isRecord, PodtrustError } from "../core/base/index.ts";
import { type Config, publisherOf } from "../config/index.ts";
import {
  type KeptDeps,
  type KeptState,
  openKeptPlaces,
  planRestore,
  readKept,
  type RestorePlan,
  whileStopped,
} from "../publisher/index.ts";
import { type BackupContents, type BackupFile, damaged } from "./archive/index.ts";

function listed(texts: readonly string[]): Buffer {
  return Buffer.from(`[\n${texts.map((text) => text.trim()).join(",\n")}\n]\n`);
}

function unlisted(name: BackupFile, content: Buffer | undefined): readonly string[] {
  if (content === undefined) return [];
  let value: unknown;
  try {
    value = JSON.parse(content.toString("utf8"));
  } catch {
    throw damaged(`${name} is not JSON`);
  }
  if (!Array.isArray(value) || !value.every(isRecord)) throw damaged(`${name} is no list of objects`);
  return value.map((one) => JSON.stringify(one));
}

function filesOf({ documents, accounts, certificates }: KeptState): ReadonlyMap<BackupFile, Buffer> {
  const files = new Map<BackupFile, Buffer>();
  if (documents !== undefined) files.set("documents.json", Buffer.from(documents));
  if (accounts.length > 0) files.set("accounts.json", listed(accounts));
  if (certificates.length > 0) files.set("certificates.json", listed(certificates));
  return files;
}

/** What a backup of a publisher holds. Throws `backup-damaged`. */
export function keptIn({ files }: BackupContents): KeptState {
  const documents = files.get("documents.json")?.toString("utf8");
  return {
    ...(documents === undefined ? {} : { documents }),
    accounts: unlisted("accounts.json", files.get("accounts.json")),
    certificates: unlisted("certificates.json", files.get("certificates.json")),
  };
}

/** All that a config's publisher keeps, where it keeps it. Throws what `readKept` and `openKeptPlaces` throw. */
export async function keptHere(config: Config, deps: KeptDeps): Promise<KeptState> {
  const places = await openKeptPlaces(config, deps);
  try {
    return await readKept(places, config.issuer);
  } finally {
    await places.close();
  }
}

/** The content of a backup of a config's publisher, running or not. Throws `backup-empty`, and what `keptHere` throws. */
export async function publisherContents(config: Config, deps: KeptDeps): Promise<BackupContents> {
  const files = filesOf(await keptHere(config, deps));
  const { stack, issuer } = config;
  if (files.size === 0) {
    const { stateDir } = publisherOf(config);
    throw new PodtrustError("backup-empty", `the publisher of ${stack} keeps nothing yet in ${stateDir}`);
  }
  return { kind: "publisher", stack, issuer, madeAt: deps.clock.now(), files };
}

export interface PublisherRestore {
  readonly config: Config;
  readonly deps: KeptDeps;
  readonly contents: BackupContents;
  /** Take the backup's account also where another is there. */
  readonly replace: boolean;
  /** Asked before anything is changed, with what would be. */
  readonly agree: (plan: RestorePlan) => Promise<boolean>;
}

/** Throws `backup-foreign` for a backup of another stack or issuer than the config's. */
export function checkOwn({ stack, issuer }: Config, contents: BackupContents): void {
  if (contents.stack === stack && contents.issuer === issuer) return;
  throw new PodtrustError(
    "backup-foreign",
    `the backup is of the stack ${contents.stack} with the issuer ${contents.issuer}, and the config of ${stack} with ${issuer}`,
  );
}

/**
 * Puts a backup of a publisher back, where no publisher runs; resolves to what was done, or undefined where that was not
 * agreed to. Throws `backup-foreign`, `backup-damaged`, `backup-newer`, `publisher-running`; nothing is then changed.
 */
export async function restorePublisher(options: PublisherRestore): Promise<RestorePlan | undefined> {
  const { config, deps, contents, replace, agree } = options;
  checkOwn(config, contents);
  const kept = keptIn(contents);
  const { keyRetention: retention } = publisherOf(config);
  const { stack, issuer } = config;
  const places = await openKeptPlaces(config, deps);
  const restore = async (): Promise<RestorePlan | undefined> => {
    const plan = await planRestore({
      places,
      stack,
      issuer,
      kept,
      now: deps.clock.now(),
      retention,
      replace,
    });
    if (!(await agree(plan))) return undefined;
    await plan.apply();
    return plan;
  };
  try {
    return places.stateDir === undefined ? await restore() : await whileStopped(places.stateDir, restore);
  } finally {
    await places.close();
  }
}
