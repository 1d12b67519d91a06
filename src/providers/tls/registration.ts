import { isPassing } from "../acme/index.ts";
import { type Clock, errorText, type Logger, PodtrustError, silentLogger } from "../../core/base/index.ts";
import { AcmeAccounts } from "./accounts.ts";
import { acmeAuthority } from "./authority.ts";
import type { CertificateIssuer } from "./contract.ts";
import type { AccountStore } from "./store.ts";

/** An account that is to be registered for another process, which orders with it later. */
export interface Registration {
  readonly issuer: CertificateIssuer;
  /** One of `directoriesOf` the issuer. */
  readonly directory: string;
  /** Where the ordering process looks for it. */
  readonly store: AccountStore;
  /** The operator agrees to the CA's terms. */
  readonly termsOfServiceAgreed: boolean;
  readonly clock: Clock;
  readonly logger?: Logger;
}

// A CA that limits accounts means minutes or hours: a person decides whether to wait.
function willPass(error: unknown): boolean {
  return isPassing(error) && !(error instanceof PodtrustError && error.code === "acme-rate-limited");
}

/**
 * Stores an account that its CA knows, with the CA's names in CAA records: an existing one is kept, and one of which
 * only the key exists is looked up by that key. Resolves to undefined, or to why there is none yet where that will
 * likely pass; throws what waiting cannot fix, and what the store throws.
 */
export async function registerAccount(
  { issuer, directory, store, logger = silentLogger, ...tools }: Registration,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { email = "" } = issuer;
  const accounts = new AcmeAccounts({ clock: tools.clock, logger });
  const authority = acmeAuthority(issuer, directory, { ...tools, store, logger, accounts, solvers: [] });
  try {
    const { uri, caaIdentities } = await authority.account(signal);
    const stored = await store.loadAccount(directory, email);
    // The process that stored it may not have noted them.
    if (stored !== undefined && stored.caaIdentities === undefined)
      await store.saveAccount(
        directory,
        email,
        { ...stored, caaIdentities },
        { replaces: (there) => there?.uri === uri },
      );
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (willPass(error)) return errorText(error);
    throw error;
  }
}
