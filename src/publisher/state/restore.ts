import { defined, errorText, isoTime, PodtrustError } from "../../core/base/index.ts";
import type {
  CertificateAddress,
  AccountName,
  StoredAccount,
  StoredCertificate,
} from "../../providers/tls/index.ts";
import { StateFolder } from "../../core/files/index.ts";
import { publishedKeys } from "../source/keys.ts";
import { mergeStates } from "../source/merge-states.ts";
import type { SourceState } from "../source/state.ts";
import { readState, stateText } from "../source/stored-state.ts";
import { type StateFolderFiles, restoreMarker as marker } from "./files.ts";
import { handedKeys, type LeftKey, type Vouchers } from "./handed-keys.ts";
import type { PublisherStores } from "./stores.ts";
import type { StoredState } from "./state.ts";

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
  /** Keys of the backup that are not taken, since nothing vouches for them. */
  readonly left: readonly LeftKey[];
  /** Since when a key has to have been seen for the backup's signature to vouch for it; absent where that proves nothing. */
  readonly signedSince?: number;
  /** Key IDs that the backup distrusts and that stay, since none that is shown now would be left. */
  readonly withheld: readonly string[];
  /** Runs it. An interrupted run can be repeated with the same result. */
  apply(): Promise<void>;
}

export interface RestoreOptions {
  readonly places: PublisherStores;
  readonly stack: string;
  readonly issuer: string;
  /** The content of a backup, not yet checked. */
  readonly kept: StoredState;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds. */
  readonly keyRetention: number;
  /** Take the backup's account even if another is there. */
  readonly replace: boolean;
  /** What vouches for its keys. */
  readonly vouchers: Vouchers;
}

/** What is to be done, and what of the documents is not. */
interface PlannedWork extends Pick<RestorePlan, "left" | "withheld"> {
  readonly work: readonly Work[];
  readonly state: SourceState;
}

interface Work {
  readonly step: RestoreStep;
  readonly act?: () => Promise<unknown>;
  /** What is set aside before it is replaced. */
  readonly old?: string;
}

function backupState(documents: string, issuer: string): SourceState {
  try {
    const { state, warning } = readState(documents, issuer, "disk");
    if (warning !== undefined) throw new Error(warning);
    return state;
  } catch (cause) {
    throw new PodtrustError("backup-damaged", `the backup's documents cannot be read: ${errorText(cause)}`, {
      cause,
    });
  }
}

/** What happens to the documents: `there` is kept now, `state` is to be, with so many keys of the backup. */
function documentsStep(
  { stack, issuer }: RestoreOptions,
  there: SourceState,
  state: SourceState,
  taken: number,
): RestoreStep {
  const step = { what: "documents", of: stack } as const;
  if (there.ring.length > 0)
    return { ...step, does: stateText(state, issuer) === stateText(there, issuer) ? "same" : "merge" };
  return taken > 0
    ? { ...step, does: "make" }
    : { ...step, does: "leave", why: "nothing vouches for a key of it" };
}

async function documentsWork(options: RestoreOptions): Promise<PlannedWork> {
  const { places, issuer, kept, now, keyRetention, replace, vouchers } = options;
  const { state: there, unproven, unread = unproven?.why } = await places.documents.load();
  if (unread !== undefined && !replace)
    throw new PodtrustError(
      "backup-newer",
      `what is there cannot be read, and may be newer than the backup: ${unread}`,
    );
  if (kept.documents === undefined) return { work: [], state: there, left: [], withheld: [] };
  const file = backupState(kept.documents, issuer);
  const { ring, left, withheld } = handedKeys(file.ring, there.ring, vouchers, now);
  // As it is everywhere: restoring the same backup twice then changes nothing.
  const backup = { ...file, ring: ring.toSorted((a, b) => (a.jwk.kid < b.jwk.kid ? -1 : 1)) };
  const state = there.ring.length === 0 ? backup : mergeStates(there, backup, { now, keyRetention }).state;
  const step = documentsStep(options, there, state, ring.length);
  const act = (): Promise<unknown> => places.documents.save(state);
  const isNothing = step.does === "same" || step.does === "leave";
  return { work: [{ step, ...(isNothing ? {} : { act }) }], state, left, withheld };
}

/** The subject of a backup's text, which the config may have no place for. */
const isAccount = (a: AccountName, b: AccountName): boolean =>
  a.directory === b.directory && a.account === b.account;

async function accountWork(
  { places, replace }: RestoreOptions,
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
  { places }: RestoreOptions,
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

async function allWork(options: RestoreOptions): Promise<PlannedWork> {
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
  return { ...documents, work };
}

/** Saves what is about to be replaced to a separate file in the state directory. */
async function setAside(folder: StateFolderFiles, work: readonly Work[], now: number): Promise<void> {
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
export async function planRestore(options: RestoreOptions): Promise<RestorePlan> {
  const { work, state, left, withheld } = await allWork(options);
  const { folder } = options.places;
  return {
    steps: work.map(({ step }) => step),
    published: publishedKeys(state.ring).map(({ kid }) => kid),
    distrusted: state.ring.flatMap(({ jwk, distrustedAt }) => (distrustedAt === undefined ? [] : [jwk.kid])),
    left,
    ...defined({ signedSince: options.vouchers.signedSince }),
    withheld,
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
