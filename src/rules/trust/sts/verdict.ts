import { defined } from "../../../core/base/index.ts";
import type { StatementTrace } from "../access/request.ts";
import type { AwsMessage } from "./answer.ts";
import type { LearnedFacts, Verdict } from "./rule.ts";

/** Accepts; `learned` is for later rules. */
export function accepted(
  finding: string,
  learned: Partial<LearnedFacts> = {},
  warnings: readonly string[] = [],
): Verdict {
  return { outcome: "accepted", finding, learned, warnings };
}

/** What a person is shown beside AWS's words. */
export interface Words {
  readonly why: string;
  readonly next: string;
  /** Values for the `<name>`s of the text. */
  readonly values?: Readonly<Record<string, string>>;
  readonly statements?: readonly StatementTrace[];
  readonly learned?: Partial<LearnedFacts>;
}

function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/<([^<>]+)>/gu, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new TypeError(`the text needs a value for <${name}>: ${text}`);
    return value;
  });
}

/** Refuses with an answer. */
export function refused(answer: AwsMessage, words: Words): Verdict {
  const values = words.values ?? {};
  const { code, status } = answer;
  const messages = {
    legacy: filled(answer.texts.legacy, values),
    "2026": filled(answer.texts["2026"], values),
  };
  const type = status >= 500 ? "Receiver" : "Sender";
  return {
    outcome: "refused",
    refusal: {
      code,
      status,
      type,
      messages,
      why: words.why,
      next: words.next,
      ...defined({ statements: words.statements }),
    },
    ...defined({ learned: words.learned }),
  };
}
