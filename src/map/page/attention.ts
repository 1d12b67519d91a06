import { type Html, html } from "../../core/html/index.ts";
import type { MapFinding } from "../judge/index.ts";
import { nodeLink } from "./parts.ts";
import type { MapView } from "./view.ts";

const groups = [
  { kind: "broken", title: "What does not work", none: "Nothing that was seen." },
  { kind: "wider", title: "What lets in more than intended", none: "Nothing that was seen." },
  { kind: "unused", title: "What is unused", none: "Everything that was seen is used." },
] as const;

function item(view: MapView, { node: id, text, next, rule }: MapFinding): Html {
  const node = view.node(id);
  const role = node?.kind === "role" ? node : undefined;
  const spaces = view.waysTo(id).map(({ serviceAccount }) => view.node(serviceAccount)?.namespace ?? "");
  return html`<li
    class="item"
    ${node?.account === undefined ? undefined : html`data-account="${node.account}"`}
    ${role === undefined ? undefined : html`data-role="${role.name.toLowerCase()}"`}
    ${spaces.length === 0 ? undefined : html`data-ns="${[...new Set(spaces)].join(" ")}"`}
  >
    ${nodeLink(view, id)}: ${text}. <span class="quiet">(${rule})</span>
    ${next === undefined ? undefined : html`<span class="next">${next}</span>`}
  </li>`;
}

/** What to check first, and what could not be seen. */
export function attentionSection(view: MapView): Html {
  const { findings, unseen } = view.map;
  const parts = groups.map(({ kind, title, none }) => {
    const own = findings.filter((one) => one.kind === kind);
    const list =
      own.length === 0
        ? html`<p>${none}</p>`
        : html`<ul>
            ${own.map((one) => item(view, one))}
          </ul>`;
    return html`<h3>${title} <span class="quiet">${own.length}</span></h3>
      ${list}`;
  });
  const hidden = unseen.map(
    ({ what, why, next }) =>
      html`<li>
        ${what}: ${why} ${next === undefined ? undefined : html`<span class="next">${next}</span>`}
      </li>`,
  );
  return html`<section aria-labelledby="attention-title" id="attention">
    <h2 id="attention-title">To check</h2>
    <div class="live" id="attention-live">
      ${parts}
      <h3>What could not be seen <span class="quiet">${unseen.length}</span></h3>
      ${
        hidden.length === 0
          ? html`<p>Everything that was looked for was seen.</p>`
          : html`<ul>
              ${hidden}
            </ul>`
      }
    </div>
  </section>`;
}
