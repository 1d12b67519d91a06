import { randomBytes } from "node:crypto";

// A CA may forget nonces; this limits what a flood of newNonce can store.
const maxKept = 10_000;

/** Anti-replay nonces (RFC 8555 §6.5): each is valid once. */
export class Nonces {
  readonly #good = new Set<string>();
  readonly #rejectEvery: number;
  #spent = 0;

  /** Every `rejectEvery`-th valid one is rejected anyway; 0 for none. */
  constructor(rejectEvery: number) {
    this.#rejectEvery = rejectEvery;
  }

  issue(): string {
    const nonce = randomBytes(16).toString("base64url");
    this.#good.add(nonce);
    if (this.#good.size > maxKept) {
      const [oldest = ""] = this.#good;
      this.#good.delete(oldest);
    }
    return nonce;
  }

  /** Uses one up; false if it is unknown, used, or rejected on purpose. */
  spend(nonce: unknown): boolean {
    if (typeof nonce !== "string" || !this.#good.delete(nonce)) return false;
    this.#spent += 1;
    return this.#rejectEvery === 0 || this.#spent % this.#rejectEvery !== 0;
  }
}
