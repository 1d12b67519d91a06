import type { Clock } from "../../../base/index.ts";
import type { AccountQuotas } from "../../../aws/index.ts";
import type { AccountAnswers } from "./preflight.ts";

/**
 * What an account said of itself, for so many milliseconds: a thousand bindings that are made at once ask for the same
 * quotas and the same policies. That a policy is not there is not remembered: it may be made at any moment.
 */
export class RememberedAnswers implements AccountAnswers {
  readonly #answers: AccountAnswers;
  readonly #clock: Clock;
  readonly #for: number;
  readonly #policies = new Map<string, { readonly at: number; readonly found: Promise<boolean> }>();
  #quotas: { readonly at: number; readonly found: Promise<AccountQuotas> } | undefined;

  constructor(answers: AccountAnswers, clock: Clock, forMs: number) {
    this.#answers = answers;
    this.#clock = clock;
    this.#for = forMs;
  }

  async quotas(signal: AbortSignal): Promise<AccountQuotas> {
    const now = this.#clock.elapsed();
    const known = this.#quotas;
    if (known !== undefined && now - known.at < this.#for) return known.found;
    const asked = { at: now, found: this.#answers.quotas(signal) };
    this.#quotas = asked;
    try {
      return await asked.found;
    } catch (error) {
      if (this.#quotas === asked) this.#quotas = undefined;
      throw error;
    }
  }

  async hasPolicy(arn: string, signal: AbortSignal): Promise<boolean> {
    const now = this.#clock.elapsed();
    for (const [one, { at }] of this.#policies) if (now - at >= this.#for) this.#policies.delete(one);
    const asked = this.#policies.get(arn) ?? { at: now, found: this.#answers.hasPolicy(arn, signal) };
    this.#policies.set(arn, asked);
    const has = await asked.found.catch((error: unknown) => {
      this.#forget(arn, asked);
      throw error;
    });
    if (!has) this.#forget(arn, asked);
    return has;
  }

  #forget(arn: string, asked: object): void {
    if (this.#policies.get(arn) === asked) this.#policies.delete(arn);
  }
}
