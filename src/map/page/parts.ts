import { type Html, html } from "../../core/html/index.ts";
import type { MapAccess, MapFinding, MapNode, TrustMap } from "../judge/index.ts";
import type { MapView } from "./view.ts";

/** A time to the second, as RFC 3339 has it. */
export function timeText(at: string): string {
  return at
    .replace(/\.\d+Z$/u, "Z")
    .replace("T", " ")
    .replace("Z", " UTC");
}

const maxNamed = 20;

/** What breaks when a thing is deleted, with the names of those who lose access, twenty at most. */
export function breakagePart(view: MapView, id: string): Html {
  const { text, losses } = view.breaks(id);
  const names = losses.map(({ serviceAccount, role }) => {
    const who = view.node(serviceAccount)?.name ?? "";
    return html`<li><code>${who}</code> loses ${view.node(role)?.name}</li>`;
  });
  const more = names.length - maxNamed;
  return html`<details>
    <summary>What breaks when it goes</summary>
    <p>${text}.</p>
    ${
      names.length === 0
        ? undefined
        : html`<ul>
            ${names.slice(0, maxNamed)}
          </ul>`
    }
    ${more > 0 ? html`<p class="quiet">And ${more} more; podtrust map --json names all of them.</p>` : undefined}
  </details>`;
}

/** The details of a node, as label and text. */
export function detailsPart({ details }: MapNode): Html {
  const rows = details.map(
    ([label, value]) =>
      html`<dt>${label}</dt>
        <dd>${value}</dd>`,
  );
  return html`<dl>${rows}</dl>`;
}

const badges = {
  broken: ["bad", "Broken"],
  wider: ["open", "Lets in more"],
  unused: ["", "Unused"],
} as const satisfies Record<MapFinding["kind"], readonly [string, string]>;

/** One finding with its word, so that it does not depend on colour alone. */
export function findingPart({ kind, text, next, rule }: MapFinding): Html {
  const [look, word] = badges[kind];
  return html`<p>
    <span class="badge ${look}">${word}</span> ${text}. <span class="quiet">(${rule})</span>
    ${next === undefined ? undefined : html`<span class="next">${next}</span>`}
  </p>`;
}

/** How a way is drawn. */
export function lookOf({ proof, outcome }: MapAccess): string {
  return proof?.outcome ?? outcome;
}

/** How a way is known; `party`: its relying party, if not AWS. */
export function provedText({ proof, outcome, decidingKeys }: MapAccess, party?: string): Html {
  const asked = party ?? "STS";
  if (proof?.outcome === "accepted")
    return html`<span class="badge good">Proved</span> ${asked} let it in on ${timeText(proof.at)}, asked by
      ${proof.by}`;
  if (proof !== undefined)
    return html`<span class="badge bad">Refused</span> by ${asked} on ${timeText(proof.at)}, asked by
      ${proof.by}: ${proof.said}`;
  if (outcome === "undecided")
    return html`<span class="badge open">Undecided</span> it hangs on
      ${[...new Set(decidingKeys)].join(", ")}, which only the call brings`;
  const named = party === undefined ? "the trust policy lets it in" : "it is named there";
  return html`<span class="badge">By policy</span> ${named}; ${asked} was not asked`;
}

/** A link to a node's own entry. */
export function nodeLink(view: MapView, id: string): Html {
  return html`<a href="#${view.anchor(id)}">${view.node(id)?.name}</a>`;
}

/** The relying parties beside AWS on a map, by their titles. */
export function partiesOf({ nodes }: TrustMap): readonly string[] {
  return [...new Set(nodes.flatMap(({ party }) => party ?? []))];
}
