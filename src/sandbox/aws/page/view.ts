import { isoTime } from "../../../core/base/index.ts";
import type { Account } from "../state/account.ts";
import type { Decision } from "../wire/service.ts";

/** What else runs beside the sandbox, as a table of texts. */
export interface PageTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A snapshot of everything that the page shows. */
export interface View {
  readonly account: Account;
  /** Oldest first. */
  readonly decisions: readonly Decision[];
  /** Milliseconds. */
  readonly now: number;
  readonly propagationMs: number;
  readonly messageProfile: string;
  readonly issuerCache: string;
  readonly tables: readonly PageTable[];
  /** The faults that the stand-in cluster's issuer can simulate. */
  readonly issuerFaults: readonly string[];
}

/** `12:04:05` in UTC. */
export function clockTime(ms: number): string {
  return isoTime(ms).slice(11, 19);
}
