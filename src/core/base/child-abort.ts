/**
 * The AbortController of something short within something long: aborted with its parent until it is released.
 * `AbortSignal.any` leaves a weak reference in the parent each time, which stays until a garbage collection that a quiet
 * process may not have for hours: ten thousand of them are 17 MB.
 */
export class ChildAbort {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal;
  readonly #follow = (): void => this.#controller.abort(this.#parent.reason);

  constructor(parent: AbortSignal) {
    this.#parent = parent;
    if (parent.aborted) this.#follow();
    else parent.addEventListener("abort", this.#follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  /** The parent has nothing to do with it any more. */
  release(): void {
    this.#parent.removeEventListener("abort", this.#follow);
  }
}
