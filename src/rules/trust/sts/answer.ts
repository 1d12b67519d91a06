import type { Evidence } from "../../judge/index.ts";
import type { MessageProfile } from "./outcome.ts";

/** One thing that STS may answer, written so that rule and reference page have the text from one place. */
export interface AwsMessage {
  /** When it is given, as the end of a sentence: `the token has no kid and the set has several keys`. */
  readonly when: string;
  readonly code: string;
  /** HTTP. */
  readonly status: number;
  /** AWS's words, with `<name>` where a value stands. */
  readonly texts: Readonly<Record<MessageProfile, string>>;
  /** How sure each text is. */
  readonly evidence: Readonly<Record<MessageProfile, Evidence>>;
}

/** An answer whose text is the same in both generations. */
export function sameText(
  when: string,
  code: string,
  text: string,
  options: { evidence: Evidence; status?: number },
): AwsMessage {
  const { evidence, status = 400 } = options;
  return {
    when,
    code,
    status,
    texts: { legacy: text, "2026": text },
    evidence: { legacy: evidence, "2026": evidence },
  };
}
