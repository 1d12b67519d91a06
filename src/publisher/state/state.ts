import { PodtrustError } from "../../core/base/index.ts";
import type { PublisherStores } from "./stores.ts";
import { stateText } from "../source/stored-state.ts";

/** The state of a publisher that cannot be recreated, as texts in its storage formats. */
export interface StoredState {
  /** Keys with their times, including distrusted and retained ones; absent if nothing was ever published. */
  readonly documents?: string;
  /** Accounts at CAs, each with its key. */
  readonly accounts: readonly string[];
  /** Certificates, each with its key. */
  readonly certificates: readonly string[];
}

/**
 * Reads it, whether or not a publisher runs. Throws `file-unreadable` if the documents cannot be read or are damaged,
 * and what the store of certificates throws.
 */
export async function readStoredState(places: PublisherStores, issuer: string): Promise<StoredState> {
  const { accountText, certificateText } = await import("../../providers/tls/index.ts");
  const { state, unproven, unread = unproven?.why } = await places.documents.load();
  if (unread !== undefined) throw new PodtrustError("file-unreadable", unread);
  const accounts: string[] = [];
  const certificates: string[] = [];
  for (const { directory, account } of places.accountNames) {
    const stored = await places.certificates?.loadAccount(directory, account);
    if (stored !== undefined) accounts.push(accountText(directory, account, stored));
  }
  for (const address of places.addresses) {
    const stored = await places.certificates?.load(address);
    if (stored !== undefined) certificates.push(certificateText(address, stored));
  }
  return {
    ...(state.ring.length === 0 ? {} : { documents: stateText(state, issuer) }),
    accounts,
    certificates,
  };
}
