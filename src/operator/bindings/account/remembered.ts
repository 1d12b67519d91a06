import { type Clock, SharedAnswers } from "../../../core/base/index.ts";
import type { AccountQuotas } from "../../../providers/aws/index.ts";
import type { AccountAnswers } from "../../../stack/parts/index.ts";

/**
 * What an account said of itself, for so many milliseconds: a thousand bindings that are made at once ask for the same
 * quotas and the same policies. Also that a policy is not there: a binding that names it would ask for it for ever.
 */
export class RememberedAnswers implements AccountAnswers {
  readonly #answers: AccountAnswers;
  readonly #quotas: SharedAnswers<AccountQuotas>;
  readonly #policies: SharedAnswers<boolean>;

  constructor(answers: AccountAnswers, clock: Clock, forMs: number) {
    this.#answers = answers;
    this.#quotas = new SharedAnswers(clock, forMs);
    this.#policies = new SharedAnswers(clock, forMs);
  }

  quotas(signal: AbortSignal): Promise<AccountQuotas> {
    return this.#quotas.of("", signal, (own) => this.#answers.quotas(own));
  }

  hasPolicy(arn: string, signal: AbortSignal): Promise<boolean> {
    return this.#policies.of(arn, signal, (own) => this.#answers.hasPolicy(arn, own));
  }
}
