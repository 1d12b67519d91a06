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
  /** For Google: the service account that is impersonated. */
  readonly serviceAccount?: string | undefined;
  /** What an issuer serves, read on demand. */
  readonly documents: (issuer: string) => Promise<IssuerDocuments>;
}

/** The predicted decision. */
export interface Explanation {
  /** The kind of target, and its name: `provider`, `projects/…`. */
  readonly target: readonly [kind: string, name: string];
  readonly reports: readonly RuleReport<VendorRefusal>[];
  readonly notes: readonly string[];
}

/** Evaluates a relying party's rules. Throws `usage` if the description is not sufficient. */
export type Explain = (question: Question) => Promise<Explanation>;
