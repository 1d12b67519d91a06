import { type Html, html } from "../../../core/html/index.ts";

/** A part of the page, updated by the script while typed input beside it stays. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** Beside the title: `last 100`. */
  readonly count: string | number;
  /** The texts that its filter searches; absent: it has none. */
  readonly filtered?: string;
  readonly body: Html;
}

export function section({ id, title, count, filtered, body }: Section): Html {
  const filter =
    filtered === undefined
      ? undefined
      : html`<label class="filter" hidden
          >Filter ${filtered} <input type="search" data-filters="${id}-live" autocomplete="off"
        /></label>`;
  return html`<section aria-labelledby="${id}-title" id="${id}">
    ${filter}
    <div class="live" id="${id}-live">
      <h2 id="${id}-title">${title} <span class="count">${count}</span></h2>
      ${body}
    </div>
  </section>`;
}
