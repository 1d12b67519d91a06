/** How sure a rule or a text is. `docs/reference/sts-rules.md` says what each word means. */
export type Evidence = "documented" | "observed" | "reported" | "inferred";

/** What every refusal explains to a person, beside the vendor's own code and words. */
export interface RefusalWords {
  /** The name of the rule that decided. */
  readonly rule: string;
  /** The explanation that the vendor does not give: one sentence, without any part of the token's signature. */
  readonly why: string;
  /** What to do about it. */
  readonly next: string;
}

/** What a rule finds in the facts; `Known` is what rules find for later ones. */
export type RuleVerdict<Known, Refusal extends RefusalWords> =
  | {
      readonly outcome: "accepted";
      /** What was found, as a sentence. */
      readonly finding: string;
      readonly learned?: Partial<Known>;
      readonly warnings: readonly string[];
    }
  | {
      readonly outcome: "refused";
      readonly refusal: Omit<Refusal, "rule">;
      /** What is known anyway, so that an explanation can continue. */
      readonly learned?: Partial<Known>;
    }
  | { readonly outcome: "needs-documents" };

/** One rule by which a relying party accepts a token: a pure function with its documentation. */
export interface Rule<Facts, Known, Refusal extends RefusalWords, Answer> {
  /** Stable: its conformance test is named after it, logs and pages speak of it. */
  readonly name: string;
  /** What it asks for, as one sentence. */
  readonly title: string;
  /** Its sources: addresses of pages, and RFC sections. */
  readonly sources: readonly string[];
  /** How sure it is that the vendor does this. */
  readonly evidence: Evidence;
  /** What is not known, or differs from what one would expect. */
  readonly note?: string;
  /** Everything that it may answer. */
  readonly answers: readonly Answer[];
  /** What earlier rules must have found before this one can be asked. */
  readonly needs: readonly (keyof Known)[];
  readonly check: (facts: Facts, known: Partial<Known>) => RuleVerdict<Known, Refusal>;
}

/** A rule as it is written: what it needs is known when it is asked. */
export interface RuleSpec<
  Facts,
  Known,
  Refusal extends RefusalWords,
  Answer,
  Need extends keyof Known,
> extends Omit<Rule<Facts, Known, Refusal, Answer>, "check" | "needs"> {
  readonly needs: readonly Need[];
  readonly check: (facts: Facts, known: Pick<Known, Need>) => RuleVerdict<Known, Refusal>;
}

/** One rule's answer for a person. */
export interface RuleReport<Refusal> {
  readonly rule: string;
  /** What the rule asks for. */
  readonly title: string;
  readonly outcome: "accepted" | "refused" | "not-reached";
  /** What was found, or why the rule could not be asked. */
  readonly finding: string;
  /** Present when refused. */
  readonly refusal?: Refusal;
  /** What is legal but likely to cause trouble. */
  readonly warnings: readonly string[];
}
