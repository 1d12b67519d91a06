import { isoTime } from "../../../core/base/index.ts";
import type { Decision } from "../wire/service.ts";
import { type Html, html } from "../../../core/html/index.ts";
import { section } from "./section.ts";
import { clockTime, type View } from "./view.ts";

/** How many decisions are shown. */
export const decisionsShown = 100;

const words = { allow: "allowed", deny: "refused", invalid: "invalid" } as const;

function outcome(decision: Decision): Html {
  const failed = decision.decision === "allow" && decision.code !== undefined;
  const word = failed ? "allowed, then failed" : words[decision.decision];
  return html`<span class="badge ${failed ? "invalid" : decision.decision}">${word}</span>`;
}

function because(decision: Decision): Html {
  const answer =
    decision.code === undefined
      ? undefined
      : html`<p class="answer"><code>${decision.code}</code> ${decision.message ?? ""}</p>`;
  const why = decision.why === undefined ? undefined : html`<p class="why">${decision.why}</p>`;
  const next = decision.next === undefined ? undefined : html`<p class="next">${decision.next}</p>`;
  return html`<p><span class="quiet">by</span> <code>${decision.rule}</code></p>
    ${answer}${why}${next}`;
}

function row(decision: Decision): Html {
  const on =
    decision.resource === undefined
      ? undefined
      : html`<div class="quiet">on <code>${decision.resource}</code></div>`;
  return html`<tr>
    <td><time datetime="${isoTime(decision.time)}">${clockTime(decision.time)}</time></td>
    <td>${outcome(decision)}</td>
    <td>
      <code>${decision.action}</code>${on}
      <div class="quiet">asked by <code>${decision.who}</code></div>
    </td>
    <td>${because(decision)}</td>
  </tr>`;
}

/** The last hundred decisions, newest first, each with the rule that decided. */
export function decisionsSection({ decisions }: View): Html {
  const shown = decisions.slice(-decisionsShown).toReversed();
  const body =
    shown.length === 0
      ? html`<p class="empty">Nothing was asked yet.</p>`
      : html`<div class="scroll" role="region" aria-labelledby="decisions-title" tabindex="0">
          <table class="decisions">
            <thead>
              <tr>
                <th scope="col">Time (UTC)</th>
                <th scope="col">Decision</th>
                <th scope="col">What was asked</th>
                <th scope="col">Why</th>
              </tr>
            </thead>
            <tbody>
              ${shown.map(row)}
            </tbody>
          </table>
        </div>`;
  const count = `last ${shown.length}`;
  return section({ id: "decisions", title: "Decisions", count, filtered: "decisions", body });
}
