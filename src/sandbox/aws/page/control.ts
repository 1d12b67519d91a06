import { type Html, html } from "../../../core/html/index.ts";
import type { View } from "./view.ts";

const hourOn = JSON.stringify({ advanceSeconds: 3600 });

/** The sandbox's own control API, for users: it needs scripts, and the token that the sandbox wrote into a file. */
export function controlSection({ issuerFaults }: View): Html {
  return html`<section aria-labelledby="control-title" id="control" hidden>
    <h2 id="control-title">Control</h2>
    <form class="row">
      <label
        >Control token <input type="password" id="control-token" autocomplete="off" spellcheck="false"
      /></label>
      <span class="quiet">from the file that the sandbox named at its start</span>
    </form>
    <p class="row">
      <button type="button" data-method="POST" data-path="spread">Spread IAM's changes now</button>
      <button type="button" data-method="POST" data-path="clock" data-body="${hourOn}">
        Move the clock an hour on
      </button>
      <button type="button" data-method="POST" data-path="reset">Reset the account</button>
      <label
        >Issuer
        <select id="issuer-fault">
          <option value="">answers</option>
          ${issuerFaults.map((fault) => html`<option value="${fault}">fails: ${fault}</option>`)}
        </select></label
      >
    </p>
    <p class="row quiet" id="control-said" role="status">Nothing was done yet.</p>
  </section>`;
}
