import type { Evidence, RefusalWords, RuleVerdict } from "./rule.ts";

/** One thing that a vendor may answer, written so that rule and reference page have the text from one place. */
export interface VendorAnswer {
  /** When it is given, as the end of a sentence. */
  readonly when: string;
  /** On the wire: OAuth's `error`, or a status word of the vendor's. */
  readonly code: string;
  /** Of Azure: the number after AADSTS. Callers match by it, and never by the text. */
  readonly number?: number;
  /** Of Azure: further numbers that have been seen for the same. */
  readonly otherNumbers?: readonly number[];
  /** HTTP. */
  readonly status: number;
  /** The vendor's words, with `<name>` where a value stands. */
  readonly text: string;
  /** How sure the text is. */
  readonly evidence: Evidence;
}

/** A vendor's refusal, and what it means. */
export interface VendorRefusal extends RefusalWords, Pick<VendorAnswer, "code" | "number" | "status"> {
  /** The vendor's words, as far as they are known. */
  readonly message: string;
}

/** A text with a value in each `<name>`; TypeError where one is missing. */
export function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/<([^<>]+)>/gu, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new TypeError(`the text needs a value for <${name}>: ${text}`);
    return value;
  });
}

/** Accepts; `learned` is for later rules. */
export function accepted<Known>(
  finding: string,
  learned: Partial<Known> = {},
  warnings: readonly string[] = [],
): Extract<RuleVerdict<Known, never>, { outcome: "accepted" }> {
  return { outcome: "accepted", finding, learned, warnings };
}

/** What a person is shown beside the vendor's words. */
export interface VendorWords extends Omit<RefusalWords, "rule"> {
  /** Values for the `<name>`s of the text. */
  readonly values?: Readonly<Record<string, string>>;
}

/** Refuses with an answer; `learned` is what is known anyway. */
export function refusedWith<Known>(
  answer: VendorAnswer,
  { values = {}, why, next }: VendorWords,
  learned: Partial<Known> = {},
): RuleVerdict<Known, VendorRefusal> {
  const { code, number, status, text } = answer;
  const refusal = { code, status, message: filled(text, values), why, next };
  return {
    outcome: "refused",
    refusal: number === undefined ? refusal : { ...refusal, number },
    learned,
  };
}
