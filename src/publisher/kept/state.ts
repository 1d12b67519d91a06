import { PodtrustError } from "../../core/base/index.ts";
import type { KeptPlaces } from "./places.ts";
import { stateText } from "../source/stored-state.ts";

/** What a publisher keeps and nobody can make again, as texts in the forms in which it keeps them. */
export interface KeptState {
  /** Keys with their times, distrusted and retained ones too; absent where nothing was ever published. */
  readonly documents?: string;
  /** An account at a CA with its key, each. */
  readonly accounts: readonly string[];
  /** A certificate with its key, each. */
  readonly certificates: readonly string[];
}

/**
 * Reads it, of a publisher that runs or does not. Throws `file-unreadable` where the documents cannot be read or are
 * damaged, and what the store of certificates throws.
 */
export async function readKept(places: KeptPlaces, issuer: string): Promise<KeptState> {
  const { accountText, certificateText } = await import("../../providers/tls/index.ts");
  const { state, unread } = await places.documents.load();
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
