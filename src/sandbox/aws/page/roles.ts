import type { Role } from "../state/records.ts";
import { seenRole } from "../state/account.ts";
import { type Html, html } from "../../../core/html/index.ts";
import { section } from "./section.ts";
import { prettyJson, type TrustLine, trustSummary } from "./trust-summary.ts";
import type { View } from "./view.ts";

function trustLine(line: TrustLine): Html {
  const when = line.conditions.map((condition) => html`<li>when <code>${condition}</code></li>`);
  return html`<li>
    ${line.effect === "Deny" ? html`<strong>denies</strong> ` : undefined}<code>${line.who.join(", ")}</code>
    <ul class="plain">
      ${when}
    </ul>
  </li>`;
}

function policies(role: Role): Html {
  const attached = role.attached.map(
    (arn) =>
      html`<li><span class="quiet">managed</span> <code>${arn.replace(/^.*:policy\//u, "")}</code></li>`,
  );
  const inline = Object.entries(role.inline).map(
    ([name, text]) =>
      html`<li>
        <details id="policy-${role.id}-${name}">
          <summary><span class="quiet">inline</span> <code>${name}</code></summary>
          <pre>${prettyJson(text)}</pre>
        </details>
      </li>`,
  );
  const boundary =
    role.boundary === undefined
      ? undefined
      : html`<li><span class="quiet">boundary</span> <code>${role.boundary}</code></li>`;
  if (attached.length + inline.length === 0 && boundary === undefined) {
    return html`<span class="quiet">none: may do nothing</span>`;
  }
  return html`<ul class="plain">
    ${attached}${inline}${boundary}
  </ul>`;
}

function spreading(view: View, role: Role): Html {
  const seen = seenRole(view.account, role.name, view.now, view.propagationMs);
  if (seen?.trustPolicy === role.trustPolicy) return html`<span class="badge allow">in effect</span>`;
  const since = seen === undefined ? role.createDate : role.trustChanged;
  const left = Math.max(1, Math.ceil((since + view.propagationMs - view.now) / 1000));
  const what =
    seen === undefined ? "new: STS does not see it yet" : "changed: STS still sees the old trust policy";
  return html`<span class="badge wait">${what}, ${left} s more</span>`;
}

function row(view: View, role: Role): Html {
  return html`<tr>
    <th scope="row">
      <code>${role.path === "/" ? "" : role.path}${role.name}</code>
      <div class="quiet"><code>${role.arn}</code></div>
      ${spreading(view, role)}
    </th>
    <td>
      <ul class="plain">
        ${trustSummary(role.trustPolicy).map(trustLine)}
      </ul>
      <details id="trust-${role.id}">
        <summary>trust policy</summary>
        <pre>${prettyJson(role.trustPolicy)}</pre>
      </details>
    </td>
    <td>${policies(role)}</td>
    <td>${role.maxSessionDuration / 3600} h</td>
  </tr>`;
}

/** The roles: who they trust and what they may do. */
export function rolesSection(view: View): Html {
  const roles = view.account.roles.values();
  const body =
    roles.length === 0
      ? html`<p class="empty">No role yet. <code>aws iam create-role</code> adds one.</p>`
      : html`<div class="scroll" role="region" aria-labelledby="roles-title" tabindex="0">
          <table>
            <thead>
              <tr>
                <th scope="col">Role</th>
                <th scope="col">Trusts</th>
                <th scope="col">May do</th>
                <th scope="col">Longest session</th>
              </tr>
            </thead>
            <tbody>
              ${roles.map((role) => row(view, role))}
            </tbody>
          </table>
        </div>`;
  return section({ id: "roles", title: "Roles", count: roles.length, filtered: "roles", body });
}
