import { type Html, html, inline, hashSource } from "../../core/html/index.ts";
import type { MapNode, TrustMap } from "../judge/index.ts";
import { attentionSection } from "./attention.ts";
import { nodeLists } from "./lists.ts";
import { partiesOf, timeText } from "./parts.ts";
import { script } from "./script.ts";
import { style } from "./style.ts";
import { type MapView, viewOf } from "./view.ts";

export interface MapPageOptions {
  /** Seconds between two refreshes of a served page; absent for a file. */
  readonly watch?: number;
}

/** The page's Content-Security-Policy: its own style and script, and nothing from elsewhere. */
export function policyOf({ watch }: MapPageOptions): string {
  return [
    "default-src 'none'",
    `style-src ${hashSource(style)}`,
    `script-src ${hashSource(script)}`,
    `connect-src ${watch === undefined ? "'none'" : "'self'"}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

// Three joined dots in the accent's colour; inline, since nothing comes from elsewhere.
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M3 8h5l5-4M8 8l5 4' " +
  "stroke='%230b5c8a' fill='none'/%3E%3Cg fill='%230b5c8a'%3E%3Ccircle cx='3' cy='8' r='2'/%3E%3Ccircle cx='13' cy='4' " +
  "r='2'/%3E%3Ccircle cx='13' cy='12' r='2'/%3E%3C/g%3E%3C/svg%3E";

function choice(values: readonly string[], all: string): Html {
  const options = values.map((value) => html`<option value="${value}">${value}</option>`);
  return html`<option value="">${all}</option>
    ${options}`;
}

const namesOf = (values: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(values.filter((value) => value !== undefined))].toSorted();

function filterForm({ map }: MapView): Html {
  const namespaces = namesOf(map.nodes.map(({ namespace }) => namespace));
  const accounts = namesOf(map.nodes.map(({ account }) => account));
  return html`<div class="filter" role="search" aria-label="Filter" hidden>
    <label
      >Namespace
      <select id="f-namespace">
        ${choice(namespaces, "All namespaces")}
      </select></label
    >
    <label
      >Account
      <select id="f-account">
        ${choice(accounts, "All accounts")}
      </select></label
    >
    <label>Role <input id="f-role" type="search" autocomplete="off" spellcheck="false" /></label>
    <button type="button" id="f-clear">Show all</button>
    <output id="f-shown" for="f-namespace f-account f-role"></output>
  </div>`;
}

const legend: readonly (readonly [look: string, text: string])[] = [
  ["accepted", "let in when it was asked"],
  ["admitted", "let in by its policy, without a test"],
  ["undecided", "depends on what only the call has"],
  ["refused", "refused when it was asked"],
];

function pictureSection(): Html {
  const lines = legend.map(
    ([look, text]) =>
      html`<li>
        <svg viewBox="0 0 36 10" aria-hidden="true"><path class="${look}" d="M1 5h34" /></svg> ${text}
      </li>`,
  );
  return html`<section aria-labelledby="picture-title" id="picture" class="picture">
    <h2 id="picture-title">The picture</h2>
    <p class="quiet">The lists below say all that it shows, and more. A box leads to its entry there.</p>
    <noscript
      ><p>It is drawn by the page's own script, and scripts are off. The lists are complete.</p></noscript
    >
    <p id="picture-grouped" class="quiet" hidden>
      There are too many ways to draw each: they are drawn by namespace and account. A box there sets the
      filter.
    </p>
    <div id="picture-drawn"></div>
    <ul class="legend">
      ${lines}
    </ul>
  </section>`;
}

/** What the page contains, for anyone who finds it. */
function contentPart({ redacted }: TrustMap): Html {
  const option = html`<code class="option">--redact</code>`;
  const ids = redacted
    ? html`Account IDs and ARNs were removed (${option}).`
    : html`It names AWS account IDs and ARNs (${option} leaves them out).`;
  return html`<p class="notice">
    This page holds no key, token or password. ${ids} It names roles, policies, namespaces and
    ServiceAccounts, and says who can assume which role: keep it as you keep an audit report.
  </p>`;
}

function headerPart(view: MapView): Html {
  const { map } = view;
  const many = (kind: MapNode["kind"]): number => view.ofKind(kind).length;
  const counts: readonly (readonly [string, number])[] = [
    ["Ways", map.access.length],
    ["ServiceAccounts", many("service-account")],
    ["Roles", many("role")],
    ["OIDC providers", many("provider")],
    ["Keys", many("key")],
  ];
  return html`<header>
    <h1>Trust map of ${map.stack}</h1>
    <p class="lead">
      Which ServiceAccount can become what in ${["AWS", ...partiesOf(map)].join(", ")} by a token of
      <code>${map.issuer}</code>, through which link, and how it is known.
    </p>
    ${contentPart(map)}
    <div class="live" id="counts">
      <dl class="facts">
        ${counts.map(
          ([label, count]) =>
            html`<div>
              <dt>${label}</dt>
              <dd>${count}</dd>
            </div>`,
        )}
      </dl>
    </div>
    <nav aria-label="On this page">
      <a href="#picture">Picture</a> <a href="#attention">To check</a> <a href="#roles">Roles</a>
      <a href="#service-accounts">ServiceAccounts</a> <a href="#bindings">Bindings</a>
      <a href="#steps">Clusters, keys, issuers</a>
      <a href="#providers">OIDC providers</a> <a href="#policies">Policies</a>
    </nav>
  </header>`;
}

/** The map as one page that loads nothing else; every name in it is text. */
export function mapPage(map: TrustMap, options: MapPageOptions = {}): string {
  const view = viewOf(map);
  const { watch } = options;
  const { markup } = html`<!doctype html>
    <html lang="en" id="top">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policyOf(options)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="generator" content="podtrust map" />
        <title>Trust map of ${map.stack}</title>
        <link rel="icon" href="${icon}" />
        ${inline("style", style)}
      </head>
      <body>
        <a class="skip" href="#attention">Skip to the lists</a>
        ${headerPart(view)}
        <main ${watch === undefined ? undefined : html`data-watch="${watch}"`}>
          ${filterForm(view)} ${pictureSection()} ${attentionSection(view)} ${nodeLists(view)}
        </main>
        <footer>
          <p>
            <span id="said" role="status">As of ${timeText(map.at)}.</span>
            Made by <code>podtrust map</code>; the same as data: <code>podtrust map --json</code>.
          </p>
        </footer>
        ${inline("script", script)}
      </body>
    </html> `;
  return markup;
}
