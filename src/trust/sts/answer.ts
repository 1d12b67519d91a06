import type { MessageProfile } from "./outcome.ts";
import type { Evidence, Known, Verdict } from "./rule.ts";

/** One thing that STS may answer, written so that rule and reference page have the text from one place. */
export interface Answer {
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
): Answer {
  const { evidence, status = 400 } = options;
  return {
    when,
    code,
    status,
    texts: { legacy: text, "2026": text },
    evidence: { legacy: evidence, "2026": evidence },
  };
}

/** What a person is told beside AWS's words. */
export interface Words {
  readonly why: string;
  readonly next: string;
  /** Values for the `<name>`s of the text. */
  readonly values?: Readonly<Record<string, string>>;
  readonly learned?: Partial<Known>;
}

function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/<([^<>]+)>/gu, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new TypeError(`the text needs a value for <${name}>: ${text}`);
    return value;
  });
}

/** Refuses with an answer. */
export function refused(answer: Answer, words: Words): Verdict {
  const values = words.values ?? {};
  const { code, status } = answer;
  const messages = {
    legacy: filled(answer.texts.legacy, values),
    "2026": filled(answer.texts["2026"], values),
  };
  const type = status >= 500 ? "Receiver" : "Sender";
  return {
    outcome: "refused",
    refusal: { code, status, type, messages, why: words.why, next: words.next },
    ...(words.learned === undefined ? {} : { learned: words.learned }),
  };
}
