import { errorText, type Logger } from "../core/base/index.ts";

/** Ends in reverse order everything that was started, even if one of them fails. */
export class Ending {
  readonly #ends: (() => Promise<void>)[] = [];
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(end: () => Promise<void>): void {
    this.#ends.push(end);
  }

  async all(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) {
      await end().catch((error: unknown) => {
        this.#logger.error("something the demo made is left behind", { error: errorText(error) });
      });
    }
  }
}
