import type { ConnectTo } from "../../core/http/index.ts";
import type { Decision, DecisionFilter, Seed } from "../aws/index.ts";
import type { ForgedToken, IssuerFault, TokenSpec } from "../cluster/index.ts";

/** An issuer's controls. */
export interface ControlledIssuer {
  readonly url: string;
  readonly ca: string;
  readonly connectTo: readonly ConnectTo[];
  token(spec: TokenSpec): string;
  forgeToken(forged: ForgedToken): string;
  fail(fault: IssuerFault | undefined): void;
}

/** The controls of one account. */
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

/** The controls of a stand-in for Azure. */
interface ControlledAzure {
  readonly tenant: string;
  readonly subscription: string;
  readonly admin: { readonly clientId: string; readonly clientSecret: string };
  /** Variables that point clients at the tenant. */
  readonly environment: Readonly<Record<string, string>>;
  clients(): readonly object[];
  decisions(): readonly object[];
  /** Of unknown form, which it validates itself. */
  seed(seed: unknown): Promise<void>;
}

/** The controls of a stand-in for Google Cloud. */
interface ControlledGoogle {
  readonly url: string;
  readonly project: string;
  readonly projectNumber: string;
  readonly adminToken: string;
  /** Variables that point clients at the project. */
  readonly environment: Readonly<Record<string, string>>;
  decisions(): readonly object[];
  /** Of unknown form, which it validates itself. */
  seed(seed: object): void;
}

/** The controls of the stand-ins for clouds beside AWS, by the clouds' names. */
export interface ControlledClouds {
  readonly azure: ControlledAzure;
  readonly gcp: ControlledGoogle;
}

/** The front, for the control API. */
export interface ControlledFront {
  readonly url: string;
  readonly ca: string;
  readonly hosts: readonly string[];
  readonly files: { readonly caFile: string; readonly trustStore: string } | undefined;
}

/** The controls of a sandbox: its first account, and the others by their numbers. */
export interface Controls extends ControlledAccount {
  /** Those that run. */
  readonly clouds: Readonly<Partial<ControlledClouds>>;
  readonly front: ControlledFront | undefined;
  newAccount(): Promise<ControlledAccount>;
  find(account: string): ControlledAccount | undefined;
}
