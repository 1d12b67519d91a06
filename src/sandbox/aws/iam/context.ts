import type { Account } from "../state/index.ts";

/** The thumbprint that IAM fetches by itself when a provider is made without one. */
export type FetchThumbprint = (issuer: string) => Promise<string>;

/** What the operations of IAM work on. */
export interface IamContext {
  readonly account: Account;
  readonly fetchThumbprint: FetchThumbprint;
  /** How long STS goes on seeing what was before a change, in milliseconds. */
  readonly propagationMs: number;
}
