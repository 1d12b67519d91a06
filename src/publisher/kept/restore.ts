import { errorText, isoTime, PodtrustError } from "../../core/base/index.ts";
import type {
  CertificateAddress,
  AccountName,
  StoredAccount,
  StoredCertificate,
} from "../../providers/tls/index.ts";
import { StateFolder } from "../../core/files/index.ts";
import { publishedKeys, type KnownKey } from "../source/keys.ts";
import { mergeStates } from "../source/merge-states.ts";
import type { SourceState } from "../source/state.ts";
import { readState, stateText } from "../source/stored-state.ts";
import { type KeptFolder, restoreMarker as marker } from "./files.ts";
import type { PublisherStores } from "./stores.ts";
import type { KeptState } from "./state.ts";

/** What happens to one item of a backup. */
export interface RestoreStep {
  readonly what: "documents" | "account" | "certificate";
  /** Which one: the CA's directory, or for documents the stack. */
  readonly of: string;
  /**
   * `make`: nothing was there. `merge`: combine the current one and the backup's. `replace`: overwrite the current one.
   * `keep`: the current one stays. `same`: both are equal. `leave`: the config has no place for it.
   */
  readonly does: "make" | "merge" | "replace" | "keep" | "same" | "leave";
  /** Why, in a sentence; absent if the action explains itself. */
  readonly why?: string;
}

/** What a restore will do. */
export interface RestorePlan {
  readonly steps: readonly RestoreStep[];
  /** Key IDs that are published before the cluster has answered. */
  readonly published: readonly string[];
  /** Key IDs that are distrusted. */
  readonly distrusted: readonly string[];
  /** Runs it. An interrupted run can be repeated with the same result. */
  apply(): Promise<void>;
}

export interface RestoreKeptOptions {
  readonly places: PublisherStores;
  readonly stack: string;
  readonly issuer: string;
  /** The content of a backup, not yet checked. */
  readonly kept: KeptState;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds. */
  readonly retention: number;
  /** Take the backup's account even if another is there. */
  readonly replace: boolean;
}

interface Work {
  readonly step: RestoreStep;
  readonly act?: () => Promise<unknown>;
  /** What is set aside before it is replaced. */
  readonly old?: string;
}

/**
 * A key of a backup: it counts as gone from the time of the backup until the cluster shows it. So a key that the
 * cluster has dropped since is not published for longer than its tokens live. A backup cannot lift a distrust: it may
 * be older than that, or come from anyone.
 */
function asOfThen({ takenBack: _never, ...key }: KnownKey, now: number): KnownKey {
  return { ...key, absentSince: Math.min(key.absentSince ?? key.lastSeen, now) };
}

function backupState(documents: string, issuer: string, now: number): SourceState {
  try {
    const { state, warning } = readState(documents, issuer, "disk");
    if (warning !== undefined) throw new Error(warning);
    const ring = state.ring.map((key) => asOfThen(key, now));
    // As it is everywhere: restoring the same backup twice then changes nothing.
    return { ...state, ring: ring.sort((a, b) => (a.jwk.kid < b.jwk.kid ? -1 : 1)) };
  } catch (cause) {
    throw new PodtrustError("backup-damaged", `the backup's documents cannot be read: ${errorText(cause)}`, {
      cause,
    });
  }
}

async function documentsWork(
  options: RestoreKeptOptions,
): Promise<{ readonly work: readonly Work[]; readonly state: SourceState }> {
  const { places, stack, issuer, kept, now, retention, replace } = options;
  const there = await places.documents.load();
  const unread = there.unread ?? there.unproven?.why;
  if (unread !== undefined && !replace)
    throw new PodtrustError(
      "backup-newer",
      `what is there cannot be read, and may be newer than the backup: ${unread}`,
    );
  if (kept.documents === undefined) return { work: [], state: there.state };
  const backup = backupState(kept.documents, issuer, now);
  const isEmpty = there.state.ring.length === 0;
  const state = isEmpty ? backup : mergeStates(there.state, backup, { now, retention }).state;
  const same = !isEmpty && stateText(state, issuer) === stateText(there.state, issuer);
  const does = isEmpty ? "make" : same ? "same" : "merge";
  const step: RestoreStep = { what: "documents", of: stack, does };
  return { work: [same ? { step } : { step, act: () => places.documents.save(state) }], state };
}

/** The subject of a backup's text, which the config may have no place for. */
const isAccount = (a: AccountName, b: AccountName): boolean =>
  a.directory === b.directory && a.account === b.account;

async function accountWork(
  { places, replace }: RestoreKeptOptions,
  name: AccountName,
  value: StoredAccount,
): Promise<Work> {
  const { accountText } = await import("../../providers/tls/index.ts");
  const { directory, account } = name;
  const step = { what: "account", of: directory } as const;
  const store = places.certificates;
  if (store === undefined || !places.accountNames.some((one) => isAccount(one, name)))
    return { step: { ...step, does: "leave", why: "the config has no account there for this address" } };
  const there = await store.loadAccount(directory, account);
  const act = (): Promise<unknown> => store.saveAccount(directory, account, value);
  if (there === undefined) return { step: { ...step, does: "make" }, act };
  // A record that the CA has confirmed since is the same account, and knows more.
  if (there.key === value.key && (there.uri === value.uri || value.uri === undefined))
    return { step: { ...step, does: "same" } };
  if (there.key !== value.key && !replace)
    throw new PodtrustError(
      "backup-newer",
      `there is another account at ${directory} (${there.uri ?? "not confirmed"}) than the backup's (${value.uri ?? "not confirmed"})`,
    );
  return { step: { ...step, does: "replace" }, act, old: accountText(directory, account, there) };
}

async function certificateWork(
  { places }: RestoreKeptOptions,
  address: CertificateAddress,
  value: StoredCertificate,
): Promise<Work> {
  const {
    endOfCertificate: endOf,
    certificateText,
    sameAddress,
  } = await import("../../providers/tls/index.ts");
  const step = { what: "certificate", of: address.directory } as const;
  const store = places.certificates;
  if (store === undefined || !places.addresses.some((one) => sameAddress(one, address)))
    return {
      step: {
        ...step,
        does: "leave",
        why: `the config has no certificate of it for ${address.names.join(", ")}`,
      },
    };
  const there = await store.load(address);
  const act = (): Promise<unknown> => store.save(address, value);
  if (there === undefined) return { step: { ...step, does: "make" }, act };
  if (there.certificate === value.certificate) return { step: { ...step, does: "same" } };
  if (endOf(there) >= endOf(value))
    return { step: { ...step, does: "keep", why: "what is there lasts longer" } };
  return { step: { ...step, does: "replace" }, act, old: certificateText(address, there) };
}

async function allWork(
  options: RestoreKeptOptions,
): Promise<{ readonly work: readonly Work[]; readonly state: SourceState }> {
  const { readNamedAccount, readNamedCertificate } = await import("../../providers/tls/index.ts");
  const { kept } = options;
  const documents = await documentsWork(options);
  const work = [...documents.work];
  for (const text of kept.accounts) {
    const { value, ...name } = readNamedAccount("the backup's account", text);
    work.push(await accountWork(options, name, value));
  }
  for (const text of kept.certificates) {
    const { value, ...address } = readNamedCertificate("the backup's certificate", text);
    work.push(await certificateWork(options, address, value));
  }
  return { work, state: documents.state };
}

/** Saves what is about to be replaced to a separate file in the state directory. */
async function setAside(folder: KeptFolder, work: readonly Work[], now: number): Promise<void> {
  const olds = work.flatMap(({ old }) => old ?? []);
  if (olds.length === 0) return;
  const name = `replaced-${isoTime(now).replaceAll(":", "-")}.json`;
  await folder.replace(name, `[${olds.join(",")}]\n`);
}

/**
 * The plan of a restore, with nothing changed yet. Documents come first, so that distrusts hold before anything else;
 * those of the backup and of the place are combined. Throws `backup-damaged` for a backup that cannot be read,
 * `backup-newer` for what would be lost, and `certificate-store-invalid`.
 */
export async function planRestore(options: RestoreKeptOptions): Promise<RestorePlan> {
  const { work, state } = await allWork(options);
  const { folder } = options.places;
  return {
    steps: work.map(({ step }) => step),
    published: publishedKeys(state.ring).map(({ kid }) => kid),
    distrusted: state.ring.flatMap(({ jwk, distrustedAt }) => (distrustedAt === undefined ? [] : [jwk.kid])),
    async apply() {
      if (folder !== undefined) {
        await folder.replace(marker, `${JSON.stringify({ stack: options.stack })}\n`);
        await setAside(folder, work, options.now);
      }
      for (const { act } of work) await act?.();
      await folder?.remove(marker);
    },
  };
}

/** Throws `restore-unfinished` if a restore into a state directory was interrupted. */
export async function refuseHalfRestored(stateDir: string): Promise<void> {
  const folder = new StateFolder(stateDir);
  if ((await folder.read(marker)) === undefined) return;
  throw new PodtrustError("restore-unfinished", `a restore into ${folder.path} was cut off`, {
    detail: { path: folder.pathOf(marker) },
  });
}
