import type { ConnectTo } from "../../core/http/index.ts";
import type { Decision, DecisionFilter, Seed } from "../aws/index.ts";
import type { ForgedToken, IssuerFault, TokenSpec } from "../cluster/index.ts";

/** An issuer as the control API shows it and has it fail. */
export interface ControlledIssuer {
  readonly url: string;
  readonly ca: string;
  readonly connectTo: readonly ConnectTo[];
  token(spec: TokenSpec): string;
  forgeToken(forged: ForgedToken): string;
  fail(fault: IssuerFault | undefined): void;
}

/** What the control API moves of one account. */
export interface ControlledAccount {
  readonly account: string;
  /** Keys that may do everything. */
  readonly admin: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly clock: { readonly ahead: number; now(): number; advance(ms: number): void };
  decisions(filter: DecisionFilter): readonly Decision[];
  seed(seed: Seed): Promise<void>;
  spread(): Promise<void>;
  reset(): Promise<void>;
  issuer(url?: string): Promise<ControlledIssuer>;
  close(): Promise<void>;
}

/** A stand-in for Azure as the control API moves it. */
export interface ControlledAzure {
  readonly tenant: string;
  readonly subscription: string;
  readonly admin: { readonly clientId: string; readonly clientSecret: string };
  /** What tells clients of the tenant. */
  readonly environment: Readonly<Record<string, string>>;
  clients(): readonly object[];
  decisions(): readonly object[];
  /** Of unknown form, which it looks at by itself. */
  seed(seed: unknown): Promise<void>;
}

/** A stand-in for Google Cloud as the control API moves it. */
export interface ControlledGoogle {
  readonly url: string;
  readonly project: string;
  readonly projectNumber: string;
  readonly adminToken: string;
  /** What tells clients of the project. */
  readonly environment: Readonly<Record<string, string>>;
  decisions(): readonly object[];
  /** Of unknown form, which it looks at by itself. */
  seed(seed: object): void;
}

/** The front as the control API shows it. */
export interface ControlledFront {
  readonly url: string;
  readonly ca: string;
  readonly hosts: readonly string[];
  readonly files: { readonly caFile: string; readonly trustStore: string } | undefined;
}

/** What the control API moves of a sandbox: its first account, and the others by their numbers. */
export interface Controls extends ControlledAccount {
  readonly azure: ControlledAzure | undefined;
  readonly gcp: ControlledGoogle | undefined;
  readonly front: ControlledFront | undefined;
  newAccount(): Promise<ControlledAccount>;
  find(account: string): ControlledAccount | undefined;
}
