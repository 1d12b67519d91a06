import { defined } from "../../../core/base/index.ts";
import { accepted as acceptedBy, filled } from "../../judge/index.ts";
import type { StatementTrace } from "../language/request.ts";
import type { AwsMessage } from "./answer.ts";
import type { LearnedFacts, StsVerdict } from "./rule.ts";

/** Accepts; `learned` is for later rules. */
export const accepted = acceptedBy<LearnedFacts>;

/** What a person is shown beside AWS's words. */
export interface Words {
  readonly why: string;
  readonly next: string;
  /** Values for the `<name>`s of the text. */
  readonly values?: Readonly<Record<string, string>>;
  readonly statements?: readonly StatementTrace[];
  readonly learned?: Partial<LearnedFacts>;
}

/** Refuses with an answer. */
export function refused(answer: AwsMessage, words: Words): StsVerdict {
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
