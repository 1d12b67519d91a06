// A CA's nonces age; more than a few of them are never used before they do.
const mostKept = 8;
const shape = /^[A-Za-z0-9_-]{1,512}$/u;

/** Nonces that the CA's answers brought, the freshest first (RFC 8555 §6.5). */
export class Nonces {
  readonly #kept: string[] = [];

  /** Keeps the nonce of an answer, where it has a legal one. */
  keep(headers: Readonly<Record<string, string>>): void {
    const nonce = headers["replay-nonce"];
    if (nonce === undefined || !shape.test(nonce)) return;
    this.#kept.push(nonce);
    if (this.#kept.length > mostKept) this.#kept.shift();
  }

  /** A nonce, which is then used up. */
  take(): string | undefined {
    return this.#kept.pop();
  }
}
