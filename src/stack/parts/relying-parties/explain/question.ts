import type {
  Description,
  IssuerDocuments,
  RuleReport,
  VendorRefusal,
} from "../../../../rules/judge/index.ts";
import type { Jws } from "../../../../rules/oidc/index.ts";

/** What a relying party judges. */
export interface Question {
  readonly token: string;
  readonly jws: Jws;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly descriptions: readonly Description[];
  /** Of Google: the service account that is impersonated. */
  readonly serviceAccount?: string | undefined;
  /** What an issuer serves, read where it is asked for. */
  readonly documents: (issuer: string) => Promise<IssuerDocuments>;
}

/** What it would find. */
export interface Explanation {
  /** What the target is, and its name: `provider`, `projects/…`. */
  readonly target: readonly [kind: string, name: string];
  readonly reports: readonly RuleReport<VendorRefusal>[];
  readonly notes: readonly string[];
}

/** Asks a relying party's rules. Throws `usage` where what is described is not enough. */
export type Explain = (question: Question) => Promise<Explanation>;
