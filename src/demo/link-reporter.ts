import { asPodtrustError, errorText, type Link, PodtrustError } from "../core/base/index.ts";
import type { DemoLinkReport, OnEvent } from "./report.ts";

/** Reports the links one by one and remembers them; the demo ends at a broken one. */
export class LinkReporter {
  readonly links: DemoLinkReport[] = [];
  readonly #onEvent: OnEvent;
  readonly #signal: AbortSignal;

  constructor(onEvent: OnEvent, signal: AbortSignal) {
    this.#onEvent = onEvent;
    this.#signal = signal;
  }

  /** Shows a link by what `look` saw of it. Throws `demo-link-broken`. */
  async link(name: Link, look: () => Promise<string>): Promise<void> {
    const detail = await this.during(name, look);
    this.#add({ name, ok: true, detail });
  }

  /** Does what a link needs before it can be shown. Throws `demo-link-broken`, having reported the link as broken. */
  async during<T>(name: Link, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (this.#signal.aborted) throw cause;
      const error = asPodtrustError(cause);
      this.#add({ name, ok: false, detail: errorText(cause) });
      const next = error.code === "internal" ? {} : { next: error.next };
      throw new PodtrustError("demo-link-broken", `the chain broke at ${name}: ${error.message}`, {
        cause,
        detail: { link: name, links: this.links },
        ...next,
      });
    }
  }

  #add(link: DemoLinkReport): void {
    this.links.push(link);
    this.#onEvent({ kind: "link", link });
  }
}
