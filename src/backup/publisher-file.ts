import { isDeepStrictEqual } from "node:util";
import { defined, isRecord, mapped, PodtrustError } from "../core/base/index.ts";
import { type Config, publisherOf } from "../config/index.ts";
import {
  type StoreDeps,
  type StoredState,
  openPublisherStores,
  planRestore,
  readStoredState,
  type RestorePlan,
  type Vouchers,
} from "../publisher/index.ts";
import { type BackupContents, type BackupFile, damaged } from "./archive/index.ts";
import { type BackupSigner, signatureOf, signerIn, signerOfStoreKey } from "./signature.ts";

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

function filesOf({ documents, accounts, certificates }: StoredState): ReadonlyMap<BackupFile, Buffer> {
  const files = new Map<BackupFile, Buffer>();
  if (documents !== undefined) files.set("documents.json", Buffer.from(documents));
  if (accounts.length > 0) files.set("accounts.json", listed(accounts));
  if (certificates.length > 0) files.set("certificates.json", listed(certificates));
  return files;
}

/** What a backup of a publisher holds. Throws `backup-damaged`. */
export function keptIn({ files }: BackupContents): StoredState {
  const documents = files.get("documents.json")?.toString("utf8");
  return {
    ...defined({ documents }),
    accounts: unlisted("accounts.json", files.get("accounts.json")),
    certificates: unlisted("certificates.json", files.get("certificates.json")),
  };
}

/** Whether it has what a rotation remembered, which a podtrust of before saved, and which makes no key and no move. */
export function hasRotation({ files }: BackupContents): boolean {
  return files.has("rotation.json");
}

/** What a publisher keeps now, and where it keeps it, for sentences. */
export interface KeptNow {
  readonly kept: StoredState;
  readonly place: string;
}

/** All that a config's publisher keeps. Throws what `readStoredState` and `openPublisherStores` throw. */
export async function keptNow(config: Config, deps: StoreDeps): Promise<KeptNow> {
  const places = await openPublisherStores(config, deps);
  try {
    const place = places.folder?.path ?? places.documents.place;
    return { kept: await readStoredState(places, config.issuer), place };
  } finally {
    await places.close();
  }
}

/**
 * The content of a backup of a config's publisher, running or not. Throws `backup-empty`, and what `keptNow` throws.
 */
export async function publisherContents(config: Config, deps: StoreDeps): Promise<BackupContents> {
  const { kept, place } = await keptNow(config, deps);
  const files = new Map(filesOf(kept));
  const { stack, issuer } = config;
  if (files.size === 0)
    throw new PodtrustError("backup-empty", `the publisher of ${stack} keeps nothing yet in ${place}`);
  return { kind: "publisher", stack, issuer, madeAt: deps.clock.now(), files };
}

/** What signs the backups of a config's publisher; undefined for replicas without a key that proves what they share. */
export async function publisherSigner(config: Config, deps: StoreDeps): Promise<BackupSigner | undefined> {
  const places = await openPublisherStores(config, deps);
  try {
    if (places.folder !== undefined) return await signerIn(places.folder);
    const [writing] = (await places.storeKeys?.()) ?? [];
    return mapped(writing, signerOfStoreKey);
  } finally {
    await places.close();
  }
}

export interface PublisherRestore {
  readonly config: Config;
  readonly deps: StoreDeps;
  readonly contents: BackupContents;
  /** Use the backup's account even if another exists. */
  readonly replace: boolean;
  /** What vouches for its keys, beside its signature. */
  readonly vouchers: Pick<Vouchers, "shown" | "ids">;
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

const standardEvery = 24 * 3_600_000;

/**
 * Since when a key has to have been seen for a signature to vouch for it, milliseconds since the epoch: tokens of it live for
 * `keyRetention` at the most, and the newest backup is as old as the time between two.
 */
function signatureCountsFrom(config: Config, now: number): number {
  const { keyRetention, backup } = publisherOf(config);
  return now - keyRetention - (backup?.every ?? standardEvery);
}

/** Newer state is not a failure of the machine: its publisher continues with it. */
function unlessNewer(error: unknown): undefined {
  if (!(error instanceof PodtrustError) || error.code !== "backup-newer") throw error;
}

/** The parts of a plan that the user agrees to. */
export function shownOf(plan: RestorePlan): Omit<RestorePlan, "apply"> {
  const { steps, published, distrusted, left, withheld } = plan;
  return { steps, published, distrusted, left, withheld };
}

/**
 * Restores a backup of a publisher while no publisher runs; one on a machine of the config's is stopped for
 * it, and started again. Resolves to what was done, or undefined without consent. Throws `backup-foreign`,
 * `backup-damaged`, `backup-newer`, `publisher-key-unknown`, `publisher-running`; nothing is then changed.
 */
export async function restorePublisher(options: PublisherRestore): Promise<RestorePlan | undefined> {
  const { config, deps, contents, replace, agree } = options;
  checkOwn(config, contents);
  const kept = keptIn(contents);
  const { keyRetention, backupSigners } = publisherOf(config);
  const { stack, issuer } = config;
  const places = await openPublisherStores(config, deps);
  const now = deps.clock.now();
  const isSigned = signatureOf(contents, backupSigners).is === "signed";
  const signedSince = isSigned ? signatureCountsFrom(config, now) : undefined;
  const vouchers = { ...options.vouchers, ...defined({ signedSince }) };
  const planned = (): Promise<RestorePlan> =>
    planRestore({ places, stack, issuer, kept, now, keyRetention, replace, vouchers });
  try {
    const shown = await planned();
    if (!(await agree(shown))) return undefined;
    const done = await places.whileStopped(async () => {
      const plan = await planned().catch(unlessNewer);
      if (plan === undefined || !isDeepStrictEqual(shownOf(plan), shownOf(shown))) return undefined;
      await plan.apply();
      return plan;
    });
    if (done !== undefined) return done;
    throw new PodtrustError("backup-newer", "what the publisher keeps has changed since it was shown", {
      next: "Nothing was done. Run it again.",
    });
  } finally {
    await places.close();
  }
}
