import type { Account } from "../state/account.ts";

/** The thumbprint that IAM itself fetches if a provider is created without one. */
export type FetchThumbprint = (issuer: string) => Promise<string>;

/** The state that IAM's operations work on. */
export interface IamContext {
  readonly account: Account;
  readonly fetchThumbprint: FetchThumbprint;
  /** How long STS keeps seeing the state before a change, in milliseconds. */
  readonly propagationMs: number;
}
