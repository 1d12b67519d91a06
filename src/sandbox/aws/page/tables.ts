import { type Html, html } from "../../../core/html/index.ts";
import { section } from "./section.ts";
import type { PageTable, View } from "./view.ts";

function tableSection({ title, columns, rows }: PageTable, index: number): Html {
  const id = `table-${index}`;
  const body =
    rows.length === 0
      ? html`<p class="empty">Nothing here yet.</p>`
      : html`<div class="scroll" role="region" aria-labelledby="${id}-title" tabindex="0">
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
  return section({ id, title, count: rows.length, body });
}

/** The tables of what runs beside the sandbox. */
export function tableSections({ tables }: View): readonly Html[] {
  return tables.map(tableSection);
}
