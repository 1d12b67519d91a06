import { type Html, html } from "./html.ts";
import type { PageTable, View } from "./view.ts";

function section({ title, columns, rows }: PageTable, index: number): Html {
  const id = `table-${index}`;
  const body =
    rows.length === 0
      ? html`<p class="empty">Nothing stands here yet.</p>`
      : html`<div class="scroll" role="region" aria-labelledby="${id}" tabindex="0">
          <table>
            <thead>
              <tr>
                ${columns.map((column) => html`<th scope="col">${column}</th>`)}
              </tr>
            </thead>
            <tbody>
              ${rows.map(
                (cells) =>
                  html`<tr>
                    ${cells.map((cell) => html`<td><code>${cell}</code></td>`)}
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>`;
  return html`<section aria-labelledby="${id}">
    <h2 id="${id}">${title} <span class="count">${rows.length}</span></h2>
    ${body}
  </section>`;
}

/** The tables of what runs beside the sandbox. */
export function tableSections({ tables }: View): readonly Html[] {
  return tables.map(section);
}
