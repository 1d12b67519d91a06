/** The value of Date (RFC 9110 §6.6.1), made once a second. */
export class HttpDate {
  readonly #now: () => number;
  #second = Number.NaN;
  #text = "";

  /** `now`: milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get text(): string {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(second * 1000).toUTCString();
    }
    return this.#text;
  }
}
