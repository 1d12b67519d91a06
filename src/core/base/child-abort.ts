/**
 * The AbortController of something short within something long, or several: aborted with each parent until it is released.
 * `AbortSignal.any` leaves a weak reference in the parent each time, which stays until a garbage collection that a quiet
 * process may not have for hours: ten thousand of them are 17 MB.
 */
export class ChildAbort {
  readonly #controller = new AbortController();
  readonly #parents: readonly AbortSignal[];
  readonly #follow = (): void => this.#controller.abort(this.#parents.find(({ aborted }) => aborted)?.reason);

  constructor(...parents: readonly AbortSignal[]) {
    this.#parents = parents;
    if (parents.some(({ aborted }) => aborted)) this.#follow();
    else for (const parent of parents) parent.addEventListener("abort", this.#follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  /** The parents have nothing to do with it any more. */
  release(): void {
    for (const parent of this.#parents) parent.removeEventListener("abort", this.#follow);
  }
}
