import { asPodtrustError, errorText, type Link, PodtrustError } from "../base/index.ts";
import type { StoryLink, Tell } from "./story.ts";

/** Tells the links one by one and remembers them; where one breaks, the story ends there. */
export class Narrator {
  readonly links: StoryLink[] = [];
  readonly #tell: Tell;
  readonly #signal: AbortSignal;

  constructor(tell: Tell, signal: AbortSignal) {
    this.#tell = tell;
    this.#signal = signal;
  }

  /** Shows a link by what `look` saw of it. Throws `demo-link-broken`. */
  async link(name: Link, look: () => Promise<string>): Promise<void> {
    const detail = await this.during(name, look);
    this.#add({ name, ok: true, detail });
  }

  /** Does what a link needs before it can be shown. Throws `demo-link-broken`, having told the link as broken. */
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

  #add(link: StoryLink): void {
    this.links.push(link);
    this.#tell({ kind: "link", link });
  }
}
