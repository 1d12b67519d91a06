import { isoTime } from "../../../core/base/index.ts";
import type { Account } from "../state/index.ts";
import type { Decision } from "../wire/index.ts";

/** What else runs beside the sandbox, as a table of texts. */
export interface PageTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** All that the page shows, at one moment. */
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
  /** What the stand-in cluster's issuer can be told to do wrong. */
  readonly issuerFaults: readonly string[];
}

/** `12:04:05` in UTC. */
export function clockTime(ms: number): string {
  return isoTime(ms).slice(11, 19);
}
